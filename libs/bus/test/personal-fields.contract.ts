import {
  defineEvent,
  defineSignal,
  type EventOf,
  personal,
  type SealedEventOf,
  type SignalOf,
  Sealed,
  upcast,
} from '@switchboard/contracts';
import { EventEncryption, KeyRing } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Consumer, Handles, HandlesBatch, OnSignal } from '../src/handles.decorator';
import type { Transport } from '../src/transport';
import type { Running, RunOptions } from './backbone';
import { Installation, note, notes, say, untilNoted } from './installation';

const own = uuidv7();
const about = { subject: 'chatId', summary: 'Somebody wrote.' } as const;
const Written = defineEvent(
  `shop.note-${own}.written.v1`,
  z.object({
    chatId: z.string(),
    kind: z.string(),
    text: personal(z.string().max(200)),
    file: z.object({ bytes: z.int(), name: personal(z.string()).optional() }).optional(),
    names: z.array(z.object({ name: personal(z.string()) })).default([]),
    place: personal(z.object({ lat: z.number(), lon: z.number() })).optional(),
  }),
  about,
);
const WrittenV2 = defineEvent(
  `shop.note-${own}.written.v2`,
  z.object({ chatId: z.string(), words: personal(z.string()) }),
  { ...about, upcasts: [upcast(Written, ({ chatId, text }) => ({ chatId, words: text }))] },
);
const Typed = defineSignal(
  `shop.note-${own}.typed.v1`,
  z.object({ chatId: z.string(), text: personal(z.string()) }),
  'Somebody types.',
);

const SECRET = 'a peculiar zebra';
const written = (chatId: string, text = SECRET) => Written({ chatId, kind: 'text', text });

const keys = (...ids: string[]) =>
  new EventEncryption(new KeyRing(ids.map((id) => `${id}:${Buffer.alloc(32, id).toString('base64')}`).join(',')));

/** What the backbone promises of personal fields, on whichever transport. */
export function personalFieldsContract(openTransport: () => Transport): void {
  let shop: Installation;
  let transport: Transport;
  beforeEach(async () => {
    transport = openTransport();
    shop = await Installation.on(transport);
  });
  afterEach(() => shop.close());

  const start = (options: RunOptions = {}) => shop.start({ cipher: keys('k1'), ...options });

  /** Reads the words, unless `behaviour` refuses. */
  const reader = (options: { ordered?: boolean } = {}, behaviour: () => void = () => undefined) => {
    @Consumer(`reads-${uuidv7()}`, options)
    class Readers {
      @Handles(Written, { decrypt: true })
      written({ data, subject }: EventOf<typeof Written>, tx: EntityManager) {
        behaviour();
        return note(tx, `${subject}: ${data.text}`);
      }
    }
    return { controller: Readers };
  };

  /** All that crosses the transport. */
  async function overheard(): Promise<string[]> {
    const bodies: string[] = [];
    const group = { ordered: false, shards: 1, concurrency: 1, batchSize: 10 };
    await transport.subscribe({ ...group, name: `spy.${uuidv7()}`, types: [Written.type] }, (batch) => {
      bodies.push(...batch.map(({ message }) => message.body));
      return Promise.resolve();
    });
    await transport.onSignal([Typed.type], (_type, body) => void bodies.push(body));
    return bodies;
  }

  const everythingStored = async ({ db }: Running) =>
    JSON.stringify([await db.query('SELECT * FROM outbox'), await db.query('SELECT * FROM parked_events')]);

  it('outbox, transport and dead letters hold ciphertext; who needs the values gets them', async () => {
    const bodies = await overheard();
    const silent = await start({ relay: false });
    await say(silent, written('a'));
    expect(await everythingStored(silent)).toContain('"sealedfields');
    expect(await everythingStored(silent)).not.toContain('zebra');
    await shop.stop(silent);
    let broken = true;
    const refuse = () => {
      if (broken) throw new Error('not now');
    };
    const app = await start({ consumers: [reader({}, refuse)] });
    const dead = await until(async () => (await app.bus.deadLetters.list())[0], { what: 'a dead letter' });
    expect(JSON.stringify(dead)).not.toContain('zebra');
    expect(await everythingStored(app)).not.toContain('zebra');
    await until(() => bodies.length > 0, { what: 'the event on its way' });
    expect(bodies.join()).not.toContain('zebra');
    broken = false;
    await app.bus.deadLetters.replay({});
    expect(await untilNoted(app, 1)).toEqual([`a: ${SECRET}`]);
  });

  it('fields within objects and lists are encrypted one by one, and so are values that are no text', async () => {
    const seen: unknown[] = [];
    @Consumer(`all-${uuidv7()}`)
    class Readers {
      @HandlesBatch(Written, { decrypt: true })
      written(events: EventOf<typeof Written>[], tx: EntityManager) {
        seen.push(...events.map(({ data }) => data));
        return note(tx, 'read');
      }
    }
    const bodies = await overheard();
    const app = await start({ consumers: [{ controller: Readers }] });
    const data = {
      chatId: 'a',
      kind: 'photo',
      text: 'zebra text',
      file: { bytes: 5, name: 'zebra.png' },
      names: [{ name: 'zebra one' }, { name: 'zebra two' }],
      place: { lat: 51.4778, lon: -0.0014 },
    };
    await say(app, Written(data));
    await untilNoted(app, 1);
    expect(seen).toEqual([data]);
    await until(() => bodies.length > 0, { what: 'the event on its way' });
    expect(bodies[0]).not.toMatch(/zebra|51\.4778/);
    expect(JSON.parse(bodies[0]!)).toMatchObject({
      sealedfields: 'text,file.name,names.0.name,names.1.name,place',
      data: { kind: 'photo', file: { bytes: 5 } },
    });
  });

  it('a handler that does not decrypt gets the rest of the event, and ciphertext that cannot be taken for text', async () => {
    const seen: SealedEventOf<typeof Written>[] = [];
    @Consumer(`counts-${uuidv7()}`)
    class Counters {
      @Handles(Written)
      written(event: SealedEventOf<typeof Written>, tx: EntityManager) {
        seen.push(event);
        return note(tx, event.data.kind);
      }
    }
    const app = await start({ consumers: [{ controller: Counters }] });
    await say(app, written('a'));
    expect(await untilNoted(app, 1)).toEqual(['text']);
    expect(seen[0]!.data.text).toBeInstanceOf(Sealed);
    expect(JSON.stringify(seen[0])).not.toContain('zebra');
    // @ts-expect-error A Sealed is no text.
    await expect(say(app, written('b', seen[0]!.data.text))).rejects.toThrow('text is still encrypted');
  });

  it('an event of before, in plain form, is read by all', async () => {
    const app = await start({ consumers: [reader()] });
    await shop.publish(written('a', 'plain words'));
    expect(await untilNoted(app, 1)).toEqual(['a: plain words']);
  });

  it('ciphertext that was moved to another event is a dead letter', async () => {
    const bodies = await overheard();
    const app = await start({ consumers: [reader()] });
    await say(app, written('a'));
    await untilNoted(app, 1);
    const event = JSON.parse(await until(() => bodies[0], { what: 'the event' })) as Parameters<typeof shop.publish>[0];
    await shop.publish({ ...event, subject: 'b' }, { id: uuidv7() });
    const dead = await until(async () => (await app.bus.deadLetters.list())[0], { what: 'a dead letter' });
    expect(dead).toMatchObject({ reason: 'invalid', subject: 'b' });
    expect(dead.error).toMatch(/text was not encrypted for this event/);
    expect(await notes(app)).toHaveLength(1);
  });

  it('an older version is read as the newer one without being decrypted in between', async () => {
    @Consumer(`v2-${uuidv7()}`)
    class Readers {
      @Handles(WrittenV2, { decrypt: true })
      written({ data }: EventOf<typeof WrittenV2>, tx: EntityManager) {
        return note(tx, data.words);
      }
    }
    @Consumer(`v2-counts-${uuidv7()}`)
    class Counters {
      @Handles(WrittenV2)
      written({ data }: SealedEventOf<typeof WrittenV2>, tx: EntityManager) {
        return note(tx, data.words.constructor.name);
      }
    }
    const app = await start({ consumers: [{ controller: Readers }, { controller: Counters }] });
    await say(app, written('a'));
    expect((await untilNoted(app, 2)).sort()).toEqual(['Sealed', SECRET]);
  });

  it('a signal is ciphertext on its way, and its handler reads it', async () => {
    const heard: string[] = [];
    @Consumer(`signals-${uuidv7()}`)
    class Listeners {
      @OnSignal(Typed, { decrypt: true })
      typed({ text }: SignalOf<typeof Typed>) {
        heard.push(text);
      }
    }
    const bodies = await overheard();
    const app = await start({ consumers: [{ controller: Listeners }] });
    await until(
      () => {
        // What a contract does not know must not slip along in the clear.
        const more = { chatId: 'a', text: SECRET, history: [SECRET] };
        app.bus.signals.send(Typed, more);
        return heard.length > 0 && bodies.length > 0;
      },
      { what: 'the signal' },
    );
    expect(heard[0]).toBe(SECRET);
    expect(bodies.join()).not.toContain('zebra');
    transport.signal(Typed.type, JSON.stringify({ chatId: 'a', text: 'plain words' }));
    await until(() => heard.includes('plain words'), { what: 'a signal in plain form' });
  });

  describe('encrypted with a key that is not known here', () => {
    const waiting = (app: Running) =>
      app.db.query<{ subject: string; state: string; attempts: number }[]>(
        'SELECT subject, state, attempts FROM parked_events ORDER BY id',
      );
    /** As when half a minute has passed. */
    const hurry = (app: Running) => app.db.query('UPDATE parked_events SET due_at = now()');

    it('an event waits for it, is no dead letter, and holds up no other', async () => {
      const orders = reader();
      const sender = await start({ cipher: keys('k2', 'k1'), relay: false });
      await say(sender, written('new key'));
      await shop.stop(sender);
      const old = await start({ consumers: [orders] });
      await say(old, written('old key'));
      await untilNoted(old, 1);
      await until(async () => (await waiting(old)).length === 1, { what: 'the event to wait' });
      // More tries than an event has that fails by its own fault.
      await old.db.query('UPDATE parked_events SET attempts = 9');
      await hurry(old);
      await shop.stop(old);
      const restarted = await start({ consumers: [orders] });
      await until(async () => (await waiting(restarted))[0]!.attempts === 10, { what: 'another try' });
      expect(await waiting(restarted)).toMatchObject([{ subject: 'new key', state: 'retrying' }]);
      expect(await restarted.bus.deadLetters.list()).toEqual([]);
      await shop.stop(restarted);
      const rotated = await start({ cipher: keys('k2', 'k1'), consumers: [orders] });
      // Only now: a process without the key might have put it off again.
      await hurry(rotated);
      expect(await untilNoted(rotated, 2)).toEqual([`old key: ${SECRET}`, `new key: ${SECRET}`]);
    });

    it('later events of its subject wait behind it where order counts', async () => {
      const orders = reader({ ordered: true });
      const sender = await start({ cipher: keys('k1'), relay: false });
      await say(sender, written('a', 'first'));
      await shop.stop(sender);
      const second = await start({ cipher: keys('k2'), relay: false });
      await say(second, written('a', 'second'));
      await shop.stop(second);
      const third = await start({ cipher: keys('k1'), relay: false });
      await say(third, written('a', 'third'), written('b', 'other'));
      await shop.stop(third);
      const old = await start({ consumers: [orders] });
      expect((await untilNoted(old, 2)).sort()).toEqual(['a: first', 'b: other']);
      await until(async () => (await waiting(old)).length === 2, { what: 'both to wait' });
      await shop.stop(old);
      const rotated = await start({ cipher: keys('k2', 'k1'), consumers: [orders] });
      await hurry(rotated);
      expect((await untilNoted(rotated, 4)).filter((what) => what.startsWith('a'))).toEqual([
        'a: first',
        'a: second',
        'a: third',
      ]);
    });
  });

  it('a process without keys says no personal fields in the clear', async () => {
    const app = await shop.start();
    await expect(say(app, written('a'))).rejects.toThrow('text is personal, and this process has no keys');
  });
}

/** What must not compile. */
export class Mistakes {
  // @ts-expect-error It reads the text without asking for it.
  @Handles(Written)
  forgotToDecrypt({ data }: EventOf<typeof Written>) {
    return data.text.length;
  }

  // @ts-expect-error It is another event.
  @Handles(Written, { decrypt: true })
  heardAnother({ data }: EventOf<typeof WrittenV2>) {
    return data.words;
  }
}
