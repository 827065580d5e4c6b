import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@switchboard/testing';
import { Installation } from '../test/installation';
import { LockSession } from './lock-session';
import { MemoryTransport } from './memory.transport';

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
});
