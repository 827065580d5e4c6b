import { RefreshTokens, SuspendStaff } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ApiKeysService } from '../src/api-keys/api-keys.service';
import { gatewayApp } from '../src/gateway.app';
import { IdentitiesService } from '../src/people/identities.service';
import { PeopleService } from '../src/people/people.service';
import { AppSessionsService } from '../src/sessions/app-sessions.service';
import { signInStaff } from './sign-in';

/** Whoever needs the same rows takes them in the same order: nobody is answered with a 500 because the database ended a deadlock. */
describe('of two who change the same at once, each gets an answer of their own', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(gatewayApp);
  });
  afterAll(() => app.stop());

  const get = <T>(type: new (...args: never[]) => T): T => app.service.nest.get(type, { strict: false });
  const waiting = async () => {
    const rows = await app.service.db.query<object[]>(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows.length;
  };

  /** Both wait for what `statement` holds, in this order, and go on at the same moment. */
  async function atOnce<A, B>(
    [statement, parameters]: [string, unknown[]],
    first: () => Promise<A>,
    second: () => Promise<B>,
  ): Promise<[A, B]> {
    let both: Promise<[A, B]>;
    await app.service.db.transaction(async (tx) => {
      await tx.query(statement, parameters);
      const one = first();
      await until(async () => (await waiting()) === 1, { what: 'the first to wait' });
      const other = second();
      both = Promise.all([one, other]);
      both.catch(() => undefined);
      await until(async () => (await waiting()) === 2, { what: 'the second to wait' });
    });
    return both!;
  }

  it('who suspend somebody with API keys, and somebody without', async () => {
    const owner = await signInStaff(app, 'owner');
    const [plain, maker] = [await signInStaff(app, 'support'), await signInStaff(app, 'developer')];
    await app.service.db.transaction((tx) =>
      get(ApiKeysService).create(
        tx,
        { kind: 'staff', id: maker.id, roles: [], scopes: ['*'] },
        {
          name: 'sync',
          team: 'ops',
          scopes: ['bots:read'],
          bots: null,
          networks: [],
          rate: 'standard',
          lifetimeDays: 9,
        },
      ),
    );
    const suspend = (staffId: string) => () =>
      app.gateway.call(
        SuspendStaff,
        { params: { staffId } },
        { actor: { kind: 'staff', id: owner.id, roles: [], scopes: ['*'] } },
      );
    const both = await atOnce(
      [`SELECT pg_advisory_xact_lock(hashtext('owners'))`, []],
      suspend(plain.id),
      suspend(maker.id),
    );
    expect(both).toMatchObject([{ state: 'suspended' }, { state: 'suspended' }]);
  });

  it('a person who signs in with an account, and unlinks it elsewhere', async () => {
    const account = { channel: 'google', externalId: uuidv7() };
    const about = { name: 'Anna', locale: 'en' } as const;
    const signIn = () => app.service.db.transaction((tx) => get(PeopleService).signIn(tx, account, about));
    const { userId } = await signIn();
    const identityId = await app.service.db.transaction(async (tx) => {
      await get(IdentitiesService).link(tx, userId, { channel: 'yandex', externalId: uuidv7() });
      return (await get(IdentitiesService).find(tx, account))!.id;
    });
    const [, signedIn] = await atOnce(
      ['SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]],
      () => app.service.db.transaction((tx) => get(IdentitiesService).unlink(tx, userId, identityId)),
      signIn,
    );
    expect(signedIn).toEqual({ userId, isNew: false });
  });

  it('an app that renews its session, and the person who ends all of theirs', async () => {
    const userId = uuidv7();
    const { refreshToken } = await get(AppSessionsService).begin(
      { headers: {} },
      { id: userId, amr: ['pwd'], device: 'phone' },
    );
    const [, refreshed] = await atOnce(
      ['SELECT FROM sessions WHERE subject_id = $1 FOR UPDATE', [userId]],
      () => get(PeopleService).endSessions(userId),
      () => app.gateway.call(RefreshTokens, { body: { refreshToken } }).catch((error: unknown) => error),
    );
    expect(refreshed).toMatchObject({ problem: { code: 'gateway.refresh_refused' } });
  });
});
