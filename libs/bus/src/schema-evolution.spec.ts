import { defineEvent, upcast } from '@switchboard/contracts';
import { z } from 'zod';
import { describeWithBroker, openRabbit } from '../test/broker';
import { schemaEvolutionContract } from '../test/schema-evolution.contract';
import { MemoryTransport } from './memory.transport';
import { readersFor } from './read-event';

describe('versions of an event in one process', () => {
  schemaEvolutionContract(() => new MemoryTransport());
});

describeWithBroker('versions of an event over RabbitMQ', () => {
  schemaEvolutionContract(() => openRabbit());
});

describe('what a group can read', () => {
  const about = { subject: 'id', summary: '-' } as const;
  const schema = z.object({ id: z.string() });
  const version = (n: number, ...older: ReturnType<typeof defineEvent>[]) =>
    defineEvent(`shop.order.paid.v${n}`, schema, {
      ...about,
      upcasts: older.map((from) => upcast(from, (data) => schema.parse(data))),
    });
  const v1 = version(1);
  const v2 = version(2, v1);
  const v3 = version(3, v2);
  const readAs = (...definitions: (typeof v1)[]) =>
    Object.fromEntries(
      [...readersFor(definitions.map((definition) => ({ definition, decrypt: false })))].map(([type, { as }]) => [
        type.at(-1),
        as.at(-1),
      ]),
    );

  it('includes older versions, over any number of steps', () => {
    expect(readAs(v3)).toEqual({ 1: '3', 2: '3', 3: '3' });
  });

  it('leaves a version as it is that has a handler of its own', () => {
    expect(readAs(v2, v1)).toEqual({ 1: '1', 2: '2' });
    expect(readAs(v1, v3)).toEqual({ 1: '1', 2: '3', 3: '3' });
  });

  it('is refused when it is not clear which handler gets a version', () => {
    expect(() => readAs(v3, v2)).toThrow(
      'shop.order.paid.v1 could be read as shop.order.paid.v3 and as shop.order.paid.v2: handle one of them',
    );
  });
});
