import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@switchboard/testing';
import { Installation } from '../test/installation';
import { LockSession } from './lock-session';
import { MemoryTransport } from './memory.transport';
import { OutboxHorizon } from './outbox-horizon';

type Query = (this: LockSession, config: unknown) => Promise<never[]>;
type Look = { name?: string; values?: [bigint] };

describe('the relay of an outbox', () => {
  let shop: Installation;
  beforeEach(async () => {
    shop = await Installation.on(new MemoryTransport());
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await shop.close();
  });

  it('rarely begins at the start of a table in which that takes long', async () => {
    const before = await shop.start({ relay: false });
    // What was carried, and stays in the index while somebody holds an older snapshot.
    await before.db.query(
      `INSERT INTO outbox (event_id, type, subject, envelope) SELECT gen_random_uuid(), 't', 's', '{}' FROM generate_series(1, 1000)`,
    );
    await before.db.query('DELETE FROM outbox');
    const { value: query } = Object.getOwnPropertyDescriptor(LockSession.prototype, 'query')! as { value: Query };
    const looks: bigint[] = [];
    jest.spyOn(LockSession.prototype, 'query').mockImplementation(async function (this: LockSession, config) {
      const { name, values } = config as Look;
      if (name === 'look') {
        looks.push(values![0]);
        if (values![0] === 0n) await sleep(100);
      }
      return query.call(this, config);
    });
    before.bus.start();
    const areBehindThem = () => looks.length > 3 && looks.slice(-2).every((from) => from >= 1000n);
    await until(areBehindThem, { what: 'two looks in a row that pass over what was deleted', timeoutMs: 20_000 });
  });

  it('passes no id of a transaction that runs, though none has ended since it began', async () => {
    const { db, bus } = await shop.start({ relay: false });
    const published: string[] = [];
    jest.spyOn(MemoryTransport.prototype, 'publish').mockImplementation((messages) => {
      published.push(...messages.map(({ body }) => body));
      return Promise.resolve();
    });
    const advance = jest.spyOn(OutboxHorizon.prototype, 'advance');
    const [slow, fast] = [db.createQueryRunner(), db.createQueryRunner()];
    const begin = async (transaction: typeof slow, body: string) => {
      await transaction.startTransaction();
      await transaction.query('SELECT pg_current_xact_id()');
      await transaction.query(
        `INSERT INTO outbox (event_id, type, subject, envelope) VALUES (gen_random_uuid(), 't', 'one subject', $1)`,
        [body],
      );
    };
    await begin(slow, 'first');
    bus.start();
    // Looks that move the horizon, while the transaction that holds the first id is the only one there is.
    await until(() => advance.mock.calls.length >= 4, { what: 'four looks', timeoutMs: 20_000 });
    expect((advance.mock.contexts[0] as OutboxHorizon).settled).toBe(0n);
    await begin(fast, 'second');
    await slow.commitTransaction();
    await fast.commitTransaction();
    await Promise.all([slow.release(), fast.release()]);
    await until(() => published.length === 2, { what: 'both events', timeoutMs: 20_000 });
    expect(published).toEqual(['first', 'second']);
  });
});
