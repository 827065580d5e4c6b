import { events, signals } from '@switchboard/contracts';
import Ajv from 'ajv';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const text = readFileSync(join(__dirname, '../../docs/asyncapi.yaml'), 'utf8');

const Reference = z.object({ $ref: z.string() });
const Operation = z.object({ action: z.enum(['send', 'receive']), channel: Reference, messages: z.array(Reference) });
const Channel = z.object({ address: z.string(), messages: z.record(z.string(), Reference) });
const document = z
  .object({
    asyncapi: z.literal('3.0.0'),
    channels: z.record(z.string(), Channel),
    operations: z.record(z.string(), Operation),
    components: z.object({
      messages: z.record(z.string(), z.object({ contentType: z.string(), payload: z.looseObject({}) })),
      schemas: z.record(z.string(), z.looseObject({})),
    }),
  })
  .parse(parse(text));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function references(value: unknown): string[] {
  if (!isObject(value)) return [];
  const own = typeof value['$ref'] === 'string' ? [value['$ref']] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

const target = (reference: string) =>
  reference
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document);

/** Judges a message as a reader of the document would, with another implementation of JSON Schema than the one that wrote it. */
function judge(type: string) {
  const ajv = formats(new Ajv({ allErrors: true, strict: false }));
  return ajv.compile({ ...document.components.messages[type]!.payload, components: document.components });
}

describe('the AsyncAPI document', () => {
  it('has a channel for each event and signal, and no other', () => {
    const types = [...events, ...signals].map(({ type }) => type);
    expect(Object.keys(document.channels).sort()).toEqual(types.sort());
    for (const [type, channel] of Object.entries(document.channels)) expect(channel.address).toBe(type);
  });

  it('refers to nothing that it lacks', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(events.length);
    expect(all.filter((reference) => target(reference) === undefined)).toEqual([]);
  });

  it('lets no service hear what nobody says', () => {
    const typesOf = (action: string) =>
      Object.values(document.operations)
        .filter((operation) => operation.action === action)
        .map(({ channel }) => channel.$ref);
    const said = new Set(typesOf('send'));
    expect(typesOf('receive').filter((channel) => !said.has(channel))).toEqual([]);
  });

  it.each(events.map(({ type }) => type))('describes %s so that its envelope can be judged', (type) => {
    const judgement = judge(type);
    expect(judgement({ specversion: '1.0', id: 'one', type: 'another', data: {} })).toBe(false);
    const wrong = judgement.errors!.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
    expect(wrong).toEqual(expect.arrayContaining(['/id format', '/type const', ' required', '/data required']));
  });

  it('takes a message as it travels', () => {
    const id = '0198c0de-0000-7000-8000-000000000001';
    const data = { chatId: id, botId: 'lumen', channel: 'telegram', userId: id };
    const judgement = judge('bot-adapter.conversation.reset.v1');
    const message = {
      specversion: '1.0',
      id,
      source: 'bot-adapter',
      type: 'bot-adapter.conversation.reset.v1',
      subject: id,
      time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      data,
    };
    expect({ fits: judgement(message), errors: judgement.errors }).toEqual({ fits: true, errors: null });
    expect(judgement({ ...message, data: { ...data, botId: 'Not A Bot' } })).toBe(false);
  });

  it.each(signals.map(({ type }) => type))('describes the signal %s', (type) => {
    const judgement = judge(type);
    expect(judgement({})).toBe(false);
  });
});
