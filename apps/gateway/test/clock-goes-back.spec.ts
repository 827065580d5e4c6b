import type { RouteDefinition } from '@switchboard/contracts';
import { HttpProblem } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { actorFor, type Principal } from '../src/access/principal';
import { gatewayApp } from '../src/gateway.app';
import { LimitsService } from '../src/limits/limits.service';
import type { RateLimit } from '../src/limits/rate-limit';
import { SignInLinks } from '../src/sign-in/sign-in-links';
import { StaffAttempts } from '../src/staff/staff-attempts';

const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

let app: TestApp;
beforeAll(async () => void (app = await startApp(gatewayApp)));
afterAll(() => app.stop());

const get = <T>(type: new (...args: never[]) => T): T => app.service.nest.get(type, { strict: false });
async function aDayAhead<T>(work: () => T | Promise<T>): Promise<T> {
  app.clock.advance(DAY_MS);
  try {
    return await work();
  } finally {
    app.clock.advance(-DAY_MS);
  }
}

describe('after a day ahead the clock goes back, and', () => {
  it('staff sign in after three minutes', async () => {
    await aDayAhead(async () => (await get(StaffAttempts).begin('anna')).succeeded());
    await expect(get(StaffAttempts).begin('anna')).rejects.toThrow('Too many attempts');
    app.clock.advance(3 * MINUTE_MS);
    await (await get(StaffAttempts).begin('anna')).succeeded();
  });

  it('who was refused then is not refused now', async () => {
    const limit: RateLimit = { name: uuidv7(), limit: 1, windowMs: MINUTE_MS, kind: 'window' };
    const charge = { limit, subject: 'key', cost: 1 };
    await aDayAhead(async () => {
      for (let i = 0; i < 2; i++) await get(LimitsService).pay([charge]);
      expect(get(LimitsService).refusedNow([charge])).toHaveLength(1);
    });
    expect(get(LimitsService).refusedNow([charge])).toEqual([]);
  });

  it('a proof of then is none now', () => {
    const now = app.clock.now();
    const route = { stepUp: true, permission: 'staff:write' } as unknown as RouteDefinition;
    const provenAt = (ms: number) => {
      const session = { id: 's', provenAt: new Date(now.getTime() + ms) };
      const grants = [{ botId: null, scopes: ['*'] }];
      return () => actorFor({ kind: 'staff', id: 'a', roles: [], amr: [], grants, session } as Principal, route, now);
    };
    expect(provenAt(DAY_MS)).toThrow(HttpProblem);
    for (const ms of [0, -MINUTE_MS, 1000]) expect(provenAt(ms)()).toMatchObject({ id: 'a' });
  });

  it('mails to an address of then do not count now', async () => {
    const [tx, links, emailHash] = [app.service.db.manager, get(SignInLinks), 'e'.repeat(64)];
    const about = { kind: 'email', userId: null, locale: 'en', returnTo: '/', emailHash, askedBy: 'me' } as const;
    await aDayAhead(() => links.add(tx, about, 'a@example.org'));
    expect(await links.sentTo(tx, { emailHash, askedBy: 'me' }, 60 * MINUTE_MS)).toEqual({ inAll: 0, bySame: 0 });
    await links.add(tx, about, 'a@example.org');
    expect(await links.sentTo(tx, { emailHash, askedBy: 'me' }, 60 * MINUTE_MS)).toEqual({ inAll: 1, bySame: 1 });
  });

  it('processes of then count for nothing', async () => {
    const owner = new Client({ connectionString: app.database.url });
    await owner.connect();
    await owner.query(
      `INSERT INTO gateway.limit_replicas SELECT gen_random_uuid(), now() + interval '1 day' FROM generate_series(1, 3)`,
    );
    const ahead = async () =>
      (await owner.query(`SELECT FROM gateway.limit_replicas WHERE seen_at > now() + interval '1 minute'`)).rowCount;
    await until(async () => (await ahead()) === 0, { what: 'their end', timeoutMs: 30_000 });
    const limit: RateLimit = { name: uuidv7(), limit: 8, windowMs: MINUTE_MS, kind: 'window' };
    expect(await get(LimitsService).pay([{ limit, subject: 'key', cost: 1 }])).toMatchObject([{ remaining: 7 }]);
    await owner.end();
  });
});
