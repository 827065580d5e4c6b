import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@switchboard/testing';
import { PeriodicTasks } from '@switchboard/bus';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { BotsFolder, OnlyBot } from './bots-folder';
import { type BotChange, BotsRegistry } from './bots-registry';
import { ConfigError, type Env } from './config';
import { createLog } from './log';

const Desk = z.strictObject({
  prompt: z.string().min(1),
  apiKeyFile: z.string().optional(),
  knowledge: z.string().optional(),
});
const sections = { desk: Desk };
const lumen = { name: 'Lumen', channel: { kind: 'telegram', tokenEnv: 'LUMEN_TOKEN' }, desk: { prompt: 'Be kind.' } };
const northwind = { ...lumen, name: 'Northwind', channel: { kind: 'telegram', tokenFile: 'northwind.token' } };

describe('the registry of bots', () => {
  let folder: string;
  const opened: BotsRegistry[] = [];
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'bots-')), 'Боты фирмы');
    mkdirSync(folder);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bots) => bots.close()));
    rmSync(join(folder, '..'), { recursive: true });
  });

  /** Written aside and moved, as careful writers do: nobody reads half a file. */
  const write = (name: string, content: unknown) => {
    const aside = join(folder, '..', name);
    writeFileSync(aside, typeof content === 'string' ? content : JSON.stringify(content));
    renameSync(aside, join(folder, name));
  };
  async function open({ env = {}, ...options }: { env?: Env; pollEveryMs?: number; watch?: boolean } = {}) {
    const registry = new Registry();
    const tasks = new PeriodicTasks({ registry, warn: () => undefined });
    const log = createLog({ level: 'silent', format: 'json' });
    const bots = await BotsRegistry.open({
      sources: [new BotsFolder({ folder, env, tasks, ...options })],
      sections,
      registry,
      log,
    });
    opened.push(bots);
    const changes: BotChange[] = [];
    bots.onChange((change) => void changes.push(change));
    const value = async (name: string) => (await registry.getSingleMetric(name)!.get()).values[0]?.value ?? 0;
    return { bots, changes, value };
  }

  it('knows each file of the folder as one bot, with standards for what it does not say', async () => {
    write('lumen.json', lumen);
    write('northwind.json', { ...northwind, timeZone: 'Europe/Berlin', budgets: { speech: { personPerDayUsd: 0.1 } } });
    write('readme.md', 'not a bot');
    const { bots } = await open();
    expect(bots.all().map(({ id }) => id)).toEqual(['lumen', 'northwind']);
    expect(bots.find('lumen')).toMatchObject({ name: 'Lumen', products: ['assistant'], timeZone: 'UTC' });
    expect(bots.find('northwind')!.budgets).toEqual({ speech: { personPerDayUsd: 0.1 } });
    expect(bots.find('nobody')).toBeUndefined();
  });

  it('knows which accounts are those of one shop', async () => {
    const account = (brand: string, more = {}) => ({ ...northwind, ...more, brand });
    write('lumen.json', lumen);
    write('direct.json', account('lumen', { channel: { kind: 'pigeon', tokenEnv: 'DIRECT_TOKEN' } }));
    write('alone.json', { ...lumen, channel: { kind: 'telegram', tokenEnv: 'ALONE_TOKEN' } });
    const { bots } = await open();
    expect(['lumen', 'direct', 'alone', 'nobody'].map((id) => bots.brandOf(id))).toEqual([
      'lumen',
      'lumen',
      'alone',
      'nobody',
    ]);
    expect(bots.accountsOf('lumen').map(({ id }) => id)).toEqual(['direct', 'lumen']);
    expect(bots.accountsOf('direct')).toEqual([]);
  });

  it.each([
    ['that is not known', { brand: 'nobody' }, /there is no bot nobody/],
    ['that has one itself', { brand: 'direct' }, /direct has a brand itself/],
    ['that lives in the sandbox', { brand: 'pretended' }, /not both in the sandbox/],
  ])('leaves a bot out with a brand %s', async (_, more, why) => {
    write('lumen.json', lumen);
    write('direct.json', { ...northwind, brand: 'lumen' });
    write('pretended.json', { ...lumen, channel: { kind: 'telegram', apiRoot: 'sandbox', token: '1:x' } });
    write('wrong.json', { ...lumen, channel: { kind: 'telegram', tokenEnv: 'WRONG_TOKEN' }, ...more });
    const { bots } = await open();
    expect(bots.all().map(({ id }) => id)).toEqual(['direct', 'lumen', 'pretended']);
    expect(bots.described().flatMap(({ mistakes }) => mistakes)).toEqual([expect.stringMatching(why)]);
  });

  it('a home goes on as it was when it is to be an account of another', async () => {
    write('lumen.json', lumen);
    write('direct.json', { ...northwind, brand: 'lumen' });
    write('alone.json', { ...lumen, channel: { kind: 'telegram', tokenEnv: 'ALONE_TOKEN' } });
    const { bots } = await open();
    write('lumen.json', { ...lumen, brand: 'alone' });
    await bots.refresh();
    expect(bots.brandOf('lumen')).toBe('lumen');
    const description = { ...lumen, channel: { kind: 'telegram' }, brand: 'alone' };
    const draft = { id: 'lumen', description, secrets: {} };
    expect(bots.examine(draft).errors.map(({ pointer, code }) => [pointer, code])).toContainEqual([
      '/brand',
      'brand_of_brand',
    ]);
  });

  it('gives a service its own section and passes over those of others', async () => {
    write('lumen.json', { ...lumen, loyalty: { anything: 'goes' } });
    const { bots } = await open();
    expect(bots.section('lumen', 'desk', Desk)).toEqual({ prompt: 'Be kind.' });
    expect(bots.section('nobody', 'desk', Desk)).toBeUndefined();
    expect(() => bots.section('lumen', 'loyalty', z.unknown())).toThrow('botSections');
  });

  it('tells all mistakes of all bots at once at start when none can work', async () => {
    write('lumen.json', { ...lumen, name: '', timeZone: 'Mars/Olympus', desk: { promt: 'typo' } });
    write('broken.json', '{');
    write('Lumen.json', lumen);
    write('spent.json', { ...lumen, budgets: { personPerDayUsd: -1 }, hours: { mon: ['19:00-09:00'] } });
    const opening = open();
    await expect(opening).rejects.toThrow(/has 8 mistake\(s\)/);
    for (const mistake of [
      /broken\.json: .*JSON/,
      /Lumen\.json: differs from lumen\.json only by capital letters/,
      /lumen\.json: name: /,
      /lumen\.json: timeZone: There is no such time zone/,
      /lumen\.json: desk\.prompt: /,
      /lumen\.json: desk: .*promt/,
      /spent\.json: budgets\.personPerDayUsd: /,
      /spent\.json: hours\.mon\.0: This ends before it begins/,
    ]) {
      await expect(opening).rejects.toThrow(mistake);
    }
  });

  it('a file with mistakes leaves out its bot at the start and no other, and is looked at again', async () => {
    write('lumen.json', lumen);
    write('northwind.json', '{ "name": "North');
    const { bots, changes, value } = await open();
    expect(bots.all().map(({ id }) => id)).toEqual(['lumen']);
    expect(await value('bot_descriptions_broken')).toBe(1);
    write('northwind.json', northwind);
    write('northwind.token', '2:northwind');
    await bots.refresh();
    expect(changes).toMatchObject([{ id: 'northwind', before: undefined, after: { name: 'Northwind' } }]);
    expect(await value('bot_descriptions_broken')).toBe(0);
  });

  it('a folder without bots, or none at all, stops the start', async () => {
    await expect(open()).rejects.toThrow(/no \.json file in/);
    rmSync(folder, { recursive: true });
    await expect(open()).rejects.toThrow(/The bots cannot be read: ENOENT/);
    mkdirSync(folder);
  });

  it('refuses a secret that stands in the file, except that of the sandbox', async () => {
    write('lumen.json', { ...lumen, channel: { kind: 'telegram', token: '1:real' }, desk: { prompt: 'x' } });
    await expect(open()).rejects.toThrow(/channel\.token: a secret does not belong here.*tokenEnv.*tokenFile/);
    write('lumen.json', { ...lumen, channel: { kind: 'telegram', apiRoot: 'sandbox', token: '1:sandbox' } });
    const { bots } = await open();
    expect(bots.secret('lumen', 'channel', 'token')).toBe('1:sandbox');
  });

  it('takes secrets from variables and from files beside the description', async () => {
    write('northwind.token', '2:from-a-file\n');
    write('lumen.json', { ...lumen, desk: { ...lumen.desk, knowledge: 'knowledge' } });
    write('northwind.json', northwind);
    write('third.json', { ...lumen, channel: { kind: 'telegram', tokenEnv: 'THIRD' } });
    const { bots } = await open({ env: { LUMEN_TOKEN: '1:from-env', THIRD_FILE: join(folder, 'northwind.json') } });
    expect(bots.secret('lumen', 'channel', 'token')).toBe('1:from-env');
    expect(bots.secret('northwind', 'channel', 'token')).toBe('2:from-a-file');
    expect(bots.secret('third', 'channel', 'token')).toContain('Northwind');
    expect(bots.secret('lumen', 'desk', 'apiKey')).toBeUndefined();
    expect(bots.path('lumen', 'desk', 'knowledge')).toBe(join(folder, 'knowledge'));
    expect(bots.path('northwind', 'desk', 'knowledge')).toBeUndefined();
  });

  it('a secret that is named and not there is a clear mistake of whoever asks for it', async () => {
    write('lumen.json', lumen);
    write('northwind.json', northwind);
    const { bots } = await open();
    expect(() => bots.secret('lumen', 'channel', 'token')).toThrow('takes channel.token from LUMEN_TOKEN, which is');
    expect(() => bots.secret('northwind', 'channel', 'token')).toThrow(/names a file for channel\.token: ENOENT/);
  });

  it.each([
    ['one variable', lumen, lumen, {}],
    ['one value', lumen, northwind, { LUMEN_TOKEN: '2:same' }],
  ])('refuses two bots with one token, by %s', async (_how, one, other, env: Env) => {
    write('northwind.token', '2:same');
    write('lumen.json', one);
    write('other.json', other);
    await expect(open({ env })).rejects.toThrow(/lumen\.json: channel\.token: has the same token as other\.json/);
  });

  it.each([
    ['told by the file system', {}],
    ['found by the poll, where a volume tells nothing', { watch: false, pollEveryMs: 50 }],
  ])('a change is followed without a restart: %s', async (_how, options) => {
    write('lumen.json', lumen);
    const { bots, changes } = await open(options);
    bots.follow();
    write('lumen.json', { ...lumen, name: 'Lumen II', desk: { prompt: 'Be brief.' } });
    write('northwind.json', northwind);
    await until(() => changes.length === 2, { what: 'the changes' });
    expect(changes).toMatchObject([
      { id: 'lumen', before: { name: 'Lumen' }, after: { name: 'Lumen II' } },
      { id: 'northwind', before: undefined, after: { name: 'Northwind' } },
    ]);
    expect(bots.section('lumen', 'desk', Desk)).toEqual({ prompt: 'Be brief.' });
    rmSync(join(folder, 'northwind.json'));
    await until(() => changes.length === 3, { what: 'the removal' });
    expect(changes[2]).toMatchObject({ id: 'northwind', after: undefined });
  });

  it('a token that was rotated in its file is a change', async () => {
    write('northwind.token', '2:old');
    write('northwind.json', northwind);
    const { bots, changes } = await open();
    write('northwind.token', '2:new');
    await bots.refresh();
    expect(changes).toMatchObject([{ id: 'northwind' }]);
    expect(bots.secret('northwind', 'channel', 'token')).toBe('2:new');
  });

  it.each([
    ['is no JSON', '{"name": '],
    ['has a mistake in its base', { ...lumen, products: [] }],
    ['has a mistake in a section of this service', { ...lumen, desk: {} }],
  ])('a file that %s leaves the bot as it was, and is counted once', async (_what, content) => {
    write('lumen.json', lumen);
    const { bots, changes, value } = await open();
    write('lumen.json', content);
    await bots.refresh();
    await bots.refresh();
    expect(changes).toEqual([]);
    expect(bots.section('lumen', 'desk', Desk)).toEqual({ prompt: 'Be kind.' });
    expect(await value('bot_descriptions_broken')).toBe(1);
    expect(await value('bot_descriptions_rejected_total')).toBe(1);
    write('lumen.json', { ...lumen, name: 'Mended' });
    await bots.refresh();
    expect(bots.find('lumen')!.name).toBe('Mended');
    expect(await value('bot_descriptions_broken')).toBe(0);
  });

  it('a bot that comes with the token of another is refused, and the other stays', async () => {
    write('lumen.json', lumen);
    const { bots } = await open();
    write('a-copy.json', lumen);
    await bots.refresh();
    expect(bots.all().map(({ id }) => id)).toEqual(['lumen']);
    rmSync(join(folder, 'lumen.json'));
    await bots.refresh();
    expect(bots.all().map(({ id }) => id)).toEqual(['a-copy']);
  });

  it('a folder that is gone for a moment takes no bot away', async () => {
    write('lumen.json', lumen);
    const { bots, changes } = await open();
    rmSync(join(folder, 'lumen.json'));
    await expect(bots.refresh()).rejects.toThrow('there is no .json file');
    expect([bots.all().length, changes.length]).toEqual([1, 0]);
  });

  it('a listener that fails keeps nobody else from hearing', async () => {
    write('lumen.json', lumen);
    const { bots } = await open();
    const heard: string[] = [];
    bots.onChange(() => Promise.reject(new Error('cannot')));
    const stop = bots.onChange(({ id }) => void heard.push(id));
    write('lumen.json', { ...lumen, name: 'One' });
    await bots.refresh();
    stop();
    write('lumen.json', { ...lumen, name: 'Two' });
    await bots.refresh();
    expect(heard).toEqual(['lumen']);
  });

  it('a listener that failed is told again at each reading, and its bot counts as broken until it succeeds', async () => {
    write('lumen.json', lumen);
    const { bots, changes, value } = await open();
    let isAway = true;
    const heard: BotChange[] = [];
    bots.onChange((change) => (isAway ? Promise.reject(new Error('away')) : void heard.push(change)));
    write('lumen.json', { ...lumen, name: 'One' });
    await bots.refresh();
    write('lumen.json', { ...lumen, name: 'Two' });
    await bots.refresh();
    expect(await value('bot_descriptions_broken')).toBe(1);
    isAway = false;
    await bots.refresh();
    await bots.refresh();
    expect(heard).toMatchObject([{ id: 'lumen', before: { name: 'Lumen' }, after: { name: 'Two' } }]);
    expect(changes).toHaveLength(2);
    expect(await value('bot_descriptions_broken')).toBe(0);
  });

  it('what a check refuses is not taken over, is counted, and is looked at again at each reading', async () => {
    write('lumen.json', lumen);
    const env: Record<string, string> = { LUMEN_TOKEN: '1:lumen' };
    const { bots, changes, value } = await open({ env });
    bots.addCheck(({ id }) => void bots.secret(id, 'channel', 'token'));
    write('lumen.json', { ...lumen, channel: { kind: 'telegram', tokenEnv: 'ANOTHER' } });
    for (let reading = 0; reading < 2; reading++) await bots.refresh();
    expect(changes).toEqual([]);
    expect(bots.secret('lumen', 'channel', 'token')).toBe('1:lumen');
    expect(await value('bot_descriptions_broken')).toBe(1);
    expect(await value('bot_descriptions_rejected_total')).toBe(1);
    env['ANOTHER'] = '2:lumen';
    await bots.refresh();
    expect(changes).toMatchObject([{ id: 'lumen' }]);
    expect(bots.secret('lumen', 'channel', 'token')).toBe('2:lumen');
    expect(await value('bot_descriptions_broken')).toBe(0);
  });

  it('a bot that cannot work is left out at the start, and comes as a new one when it can', async () => {
    write('lumen.json', lumen);
    write('northwind.json', northwind);
    const { bots, changes, value } = await open({ env: { LUMEN_TOKEN: '1:lumen' } });
    bots.addCheck(({ id }) => void bots.secret(id, 'channel', 'token'));
    bots.exclude('northwind', new ConfigError('no token'));
    expect(bots.all().map(({ id }) => id)).toEqual(['lumen']);
    expect(await value('bot_descriptions_broken')).toBe(1);
    await bots.refresh();
    expect([changes.length, await value('bot_descriptions_broken')]).toEqual([0, 1]);
    write('northwind.token', '2:northwind');
    await bots.refresh();
    expect(changes).toMatchObject([{ id: 'northwind', before: undefined, after: { name: 'Northwind' } }]);
    expect(await value('bot_descriptions_broken')).toBe(0);
  });

  it('without a folder there is the bot of TELEGRAM_BOT_TOKEN', async () => {
    const bots = await BotsRegistry.open({
      sources: [new OnlyBot({ TELEGRAM_BOT_TOKEN: '9:real' })],
      registry: new Registry(),
      log: createLog({ level: 'silent', format: 'json' }),
    });
    expect(bots.all()).toMatchObject([{ id: 'assistant', channel: { kind: 'telegram' }, products: ['assistant'] }]);
    expect(bots.secret('assistant', 'channel', 'token')).toBe('9:real');
  });

  it('TELEGRAM_BOT_TOKEN takes the first bot of the sandbox out of it, unless a bot names it itself', async () => {
    const sandbox = (token: string) => ({ ...lumen, channel: { kind: 'telegram', apiRoot: 'sandbox', token } });
    write('lumen.json', sandbox('1:sandbox'));
    write('northwind.json', sandbox('2:sandbox'));
    const env = { TELEGRAM_BOT_TOKEN: '9:real' };
    const { bots } = await open({ env });
    expect(['lumen', 'northwind'].map((id) => bots.secret(id, 'channel', 'token'))).toEqual(['9:real', '2:sandbox']);
    expect(bots.find('lumen')!.channel).not.toHaveProperty('apiRoot');
    write('real.json', { ...lumen, channel: { kind: 'telegram', tokenEnv: 'TELEGRAM_BOT_TOKEN' } });
    const named = (await open({ env })).bots;
    expect(['lumen', 'real'].map((id) => named.secret(id, 'channel', 'token'))).toEqual(['1:sandbox', '9:real']);
  });
});
