import type { Message } from 'amqplib';
import fc from 'fast-check';
import { fromAmqp, packed, toAmqp } from './rabbit-message';
import type { BusMessage } from './transport';

const event = (id: number, type: string, subject: string, size = 0): BusMessage => ({
  id: String(id),
  type,
  subject,
  body: JSON.stringify({ id: String(id), type, subject, data: 'ж'.repeat(size) }),
});

const anyEvents = fc
  .array(
    fc.record({
      type: fc.constantFrom('a', 'b', 'c'),
      subject: fc.constantFrom('1', '2', '3', '4'),
      size: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 70_000 })),
    }),
    { maxLength: 300 },
  )
  .map((all) => all.map(({ type, subject, size }, i) => event(i, type, subject, size)));

const arriving = (pack: readonly BusMessage[]): Message => {
  const { content, properties } = toAmqp(pack);
  return { content, properties, fields: { routingKey: pack[0]!.type } } as unknown as Message;
};

const plain = ({ id, type, subject, body }: BusMessage) => ({ id, type, subject, body });

describe('events in messages', () => {
  it('come out as they went in, each once, in messages of one type', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const packs = packed(events);
        for (const pack of packs) expect(new Set(pack.map(({ type }) => type)).size).toBe(1);
        const came = packs.flatMap((pack) => fromAmqp(arriving(pack))).map(plain);
        expect(came.toSorted((a, b) => Number(a.id) - Number(b.id))).toEqual(events.map(plain));
      }),
    );
  });

  it('keep the order of each subject, across types', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const came = packed(events).flat();
        for (const subject of ['1', '2', '3', '4']) {
          const of = (all: BusMessage[]) => all.filter((one) => one.subject === subject).map(({ id }) => id);
          expect(of(came)).toEqual(of(events));
        }
      }),
    );
  });

  it('are at most 50 and 64 Ki characters in one message, unless one alone is larger', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        for (const pack of packed(events)) {
          expect(pack.length).toBeLessThanOrEqual(50);
          if (pack.length > 1) expect(pack.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(65_536);
        }
      }),
    );
  });

  it('fill few messages although their types alternate', () => {
    const events = Array.from({ length: 100 }, (_, i) => event(i, i % 2 ? 'a' : 'b', `s${i}`));
    expect(packed(events)).toHaveLength(2);
  });

  it.each(['not JSON', '{}', '[]', '[1]', '[{"id":"1"},null]'])(
    'that are no batch although the message says so are one event nobody can read: %s',
    (body) => {
      const message = { ...arriving([event(1, 'a', 's'), event(2, 'a', 's')]), content: Buffer.from(body) };
      expect(fromAmqp(message)).toEqual([{ id: '1', type: 'a', subject: '', body }]);
    },
  );
});
