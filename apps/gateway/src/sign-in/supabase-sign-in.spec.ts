import { asPerson } from '@switchboard/service-kit';
import { createTestDatabase, startApp, type TestApp } from '@switchboard/testing';
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { Browser, SITE } from '../../test/start-gateway';
import { gatewayApp } from '../gateway.app';

const SECRET = 'the-older-shared-jwt-secret-of-a-project';
const KID = 'signs-now';

interface SignedIn {
  userId: string;
  isNew: boolean;
  code?: string;
  tokens?: { accessToken: string };
}

describe('an access token of a Supabase project', () => {
  let pair: Awaited<ReturnType<typeof generateKeyPair>>;
  let auth: Server;
  let isAway = false;
  let issuer: string;
  let app: TestApp;
  beforeAll(async () => {
    pair = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: KID, alg: 'ES256', use: 'sig' };
    auth = createServer((request, response) => {
      const isKeys = request.url === '/auth/v1/.well-known/jwks.json';
      response.statusCode = isAway ? 502 : isKeys ? 200 : 404;
      response
        .setHeader('content-type', 'application/json')
        .end(isKeys && !isAway ? JSON.stringify({ keys: [jwk] }) : '{}');
    });
    await new Promise<void>((resolve) => auth.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(auth.address() as AddressInfo).port}/auth/v1`;
    app = await start({ GATEWAY_SIGN_IN_SUPABASE_JWT_SECRET: SECRET });
  });
  afterAll(async () => {
    await app.stop();
    auth.close();
  });

  const start = (env: Record<string, string>, more: object = {}) =>
    startApp(gatewayApp, {
      env: { GATEWAY_PUBLIC_URL: SITE, GATEWAY_SIGN_IN_SUPABASE_ISSUER: issuer, ...env },
      ...more,
    });
  const now = () => Math.floor(app.clock.now().getTime() / 1000);
  /** As GoTrue writes one. */
  const claims = (more: JWTPayload = {}): JWTPayload => ({
    ...{ iss: issuer, sub: randomUUID(), aud: 'authenticated', role: 'authenticated', iat: now(), exp: now() + 3600 },
    ...{ email: 'ann@mail.example', phone: '', app_metadata: { provider: 'email' }, user_metadata: { role: 'admin' } },
    ...{ aal: 'aal1', amr: [{ method: 'password', timestamp: now() - 60 }], session_id: randomUUID() },
    is_anonymous: false,
    ...more,
  });
  const signed = (
    payload: JWTPayload,
    { alg = 'ES256', key = pair.privateKey as Parameters<SignJWT['sign']>[0], kid = KID } = {},
  ) => new SignJWT(payload).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key);
  const shared = new TextEncoder().encode(SECRET);
  const ask = (accessToken: string, at = app, more: object = {}) =>
    new Browser(at.service.publicUrl!).ask<SignedIn>('POST', '/sign-in/supabase', { accessToken, ...more });
  const bearer = ({ tokens }: SignedIn) => ({ authorization: `Bearer ${tokens!.accessToken}` });
  const get = (path: string, as: SignedIn) =>
    new Browser(app.service.publicUrl!).ask<{ userId: string; data: object[] }>('GET', path, undefined, bearer(as));

  it('signs in the same person each time, as somebody who proved it when Supabase says', async () => {
    const sub = randomUUID();
    const first = await ask(await signed(claims({ sub })));
    expect([first.status, first.body.isNew]).toEqual([201, true]);
    const again = await ask(await signed(claims({ sub }), { alg: 'HS256', key: shared }));
    expect(again.body).toMatchObject({ userId: first.body.userId, isNew: false });
    expect((await get('/me', first.body)).body.userId).toBe(first.body.userId);
    expect((await get('/me/identities', first.body)).body.data).toMatchObject([
      { channel: 'supabase', label: 'ann@mail.example' },
    ]);
    const sessions = await app.service.db.query<object[]>(
      'SELECT amr, proven_at AS "provenAt" FROM sessions WHERE subject_id = $1 ORDER BY id LIMIT 1',
      [first.body.userId],
    );
    expect(sessions).toEqual([{ amr: ['supabase'], provenAt: new Date((now() - 60) * 1000) }]);
  });

  it('that does not say when proves nothing fresh', async () => {
    const { body } = await ask(await signed(claims({ amr: undefined })));
    const [session] = await app.service.db.query<{ at: Date }[]>(
      'SELECT proven_at AS at FROM sessions WHERE subject_id = $1',
      [body.userId],
    );
    expect(session!.at).toEqual(new Date(0));
  });

  it('is added to the account of whoever is signed in, and leads to that person then', async () => {
    const [own, other] = [(await ask(await signed(claims()))).body, randomUUID()];
    const link = (as: SignedIn, accessToken: string) =>
      new Browser(app.service.publicUrl!).ask('POST', '/me/identities/supabase', { accessToken }, bearer(as));
    expect((await link(own, await signed(claims({ sub: other })))).body).toMatchObject({
      code: 'gateway.channel_already_linked',
    });
    await app.service.db.query(`DELETE FROM identities WHERE user_id = $1`, [own.userId]);
    expect((await link(own, await signed(claims({ sub: other })))).status).toBe(201);
    expect((await ask(await signed(claims({ sub: other })))).body).toMatchObject({ userId: own.userId, isNew: false });
    const stranger = (await ask(await signed(claims()))).body;
    expect((await link(stranger, await signed(claims({ sub: other })))).body).toMatchObject({
      code: 'gateway.identity_of_another_person',
    });
  });

  it('is none here: it is swapped for a session, and calls nothing itself', async () => {
    const browser = new Browser(app.service.publicUrl!);
    const authorization = `Bearer ${await signed(claims())}`;
    expect((await browser.ask('GET', '/me', undefined, { authorization })).status).toBe(401);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['for another audience', () => signed(claims({ aud: 'service' }))],
    ['of another project', () => signed(claims({ iss: 'https://other.supabase.co/auth/v1' }))],
    ['of a service', () => signed(claims({ role: 'service_role' }))],
    ['of nobody', () => signed(claims({ role: 'anon', sub: undefined }))],
    ['of an anonymous visitor', () => signed(claims({ is_anonymous: true }))],
    ['that is over', () => signed(claims({ iat: now() - 7200, exp: now() - 3600 }))],
    ['without an end', () => signed(claims({ exp: undefined }))],
    ['of no id', () => signed(claims({ sub: 'ann' }))],
    ['signed by somebody else', async () => signed(claims(), { key: (await generateKeyPair('ES256')).privateKey })],
    ['of an unknown key', () => signed(claims(), { kid: 'nobody-has-it' })],
    [
      'signed with another secret',
      () => signed(claims(), { alg: 'HS256', key: new TextEncoder().encode('x'.repeat(40)) }),
    ],
    [
      'signed with the public key as a secret',
      async () => {
        const key = new TextEncoder().encode(JSON.stringify(await exportJWK(pair.publicKey)));
        return signed(claims(), { alg: 'HS256', key });
      },
    ],
    ['that is not signed', async () => `${b64({ alg: 'none' })}.${b64(claims())}.`],
    ['that is changed', async () => (await signed(claims())).replace(/\.[^.]+\./, `.${b64(claims())}.`)],
    ['that is none', () => 'sb_publishable_nothing'],
  ])('%s is refused', async (_, token) => {
    const { status, body } = await ask(await token());
    expect([status, body.code]).toEqual([401, 'gateway.sign_in_refused']);
  });

  it('signed with a shared secret is refused where there is none, and any where no project is trusted', async () => {
    const [keysOnly, nobody] = [await start({}), await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_URL: SITE } })];
    const older = await signed(claims(), { alg: 'HS256', key: shared });
    expect((await ask(older, keysOnly)).body.code).toBe('gateway.sign_in_refused');
    expect((await ask(older, nobody)).body.code).toBe('gateway.provider_unknown');
    isAway = true;
    const away = await ask(await signed(claims()), keysOnly);
    isAway = false;
    expect([away.status, away.body.code]).toEqual([503, 'gateway.provider_unavailable']);
    await Promise.all([keysOnly.stop(), nobody.stop()]);
  });

  it('leads to the rows of its person alone, by row security, here and in the project that trusts our tokens', async () => {
    const database = await createTestDatabase();
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    // As Supabase makes them; see the migration "update_auth_functions" of supabase/auth.
    await admin.query(`
      DO $$ BEGIN CREATE ROLE authenticated NOLOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
      CREATE SCHEMA auth;
      GRANT USAGE ON SCHEMA auth TO PUBLIC;
      CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
        SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
          nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$`);
    const there = await start({}, { database, clock: app.clock });
    const [ann, bea] = [
      (await ask(await signed(claims()), there)).body,
      (await ask(await signed(claims()), there)).body,
    ];
    const whose = 'SELECT DISTINCT user_id AS "userId" FROM identities';
    expect(await there.service.db.query(whose)).toHaveLength(2);
    for (const { userId } of [ann, bea])
      expect(await asPerson(there.service.db, userId, (tx) => tx.query(whose))).toEqual([{ userId }]);
    await admin.query(
      'GRANT USAGE ON SCHEMA gateway TO authenticated; GRANT SELECT, DELETE ON gateway.identities TO authenticated',
    );
    for (const person of [ann, bea]) {
      // Our token, as PostgREST hands on its claims.
      const given = decodeJwt(person.tokens!.accessToken);
      await admin.query('BEGIN');
      await admin.query(`SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`, [
        given['role'],
        JSON.stringify(given),
      ]);
      expect((await admin.query(whose.replace('identities', 'gateway.identities'))).rows).toEqual([
        { userId: person.userId },
      ]);
      expect((await admin.query('DELETE FROM gateway.identities')).rowCount).toBe(1);
      await admin.query('ROLLBACK');
    }
    await admin.end();
    await there.stop();
  });
});

const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
