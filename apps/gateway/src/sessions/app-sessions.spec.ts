import { NoticeSendRequested, SessionMisused } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { createRemoteJWKSet, decodeProtectedHeader, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { Browser, SITE } from '../../test/start-gateway';
import { gatewayApp } from '../gateway.app';
import { AppSessionsService } from './app-sessions.service';
import { SigningKeys } from './signing-keys.service';

interface Tokens {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('an app that is signed in', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(gatewayApp, { env: { GATEWAY_PUBLIC_URL: SITE } });
  });
  afterAll(() => app.stop());

  const browser = () => new Browser(app.service.publicUrl!);
  const begin = (userId = uuidv7(), device?: string): Promise<Tokens> =>
    app.service.nest
      .get(AppSessionsService, { strict: false })
      .begin({ headers: {} }, { id: userId, amr: ['tg_oidc'], device });
  const refresh = (refreshToken: string, headers: Record<string, string> = {}) =>
    browser().ask<Tokens & { code: string }>('POST', '/sign-in/tokens/refresh', { refreshToken }, headers);
  const as = ({ accessToken }: { accessToken: string }) => ({ authorization: `Bearer ${accessToken}` });
  const sessionsOf = (tokens: Tokens) =>
    browser().ask<{ data: { sessionId: string; device: string; isCurrent: boolean }[] }>(
      'GET',
      '/me/sessions',
      undefined,
      as(tokens),
    );
  const keySet = () => createRemoteJWKSet(new URL(`${app.service.publicUrl}/.well-known/jwks.json`));

  it('calls with an access token of a quarter of an hour, which others check by the keys that are told of', async () => {
    const userId = uuidv7();
    const tokens = await begin(userId, 'Pets for Android');
    expect(tokens.expiresIn).toBe(900);
    expect((await sessionsOf(tokens)).body.data).toMatchObject([{ device: 'Pets for Android', isCurrent: true }]);
    const { payload, protectedHeader } = await jwtVerify(tokens.accessToken, keySet(), {
      issuer: SITE,
      audience: 'authenticated',
      currentDate: app.clock.now(),
    });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: expect.any(String) as string });
    expect(payload).toMatchObject({ sub: userId, role: 'authenticated', aal: 'aal1', is_anonymous: false });
    expect(payload.exp! - payload.iat!).toBe(900);
    expect(payload['amr']).toEqual([{ method: 'tg_oidc', timestamp: payload['auth_time'] }]);
    const configuration = await (await fetch(`${app.service.publicUrl}/.well-known/openid-configuration`)).json();
    expect(configuration).toMatchObject({ issuer: SITE, jwks_uri: `${SITE}/.well-known/jwks.json` });
    app.clock.advance(17 * MINUTE);
    expect((await sessionsOf(tokens)).status).toBe(401);
  });

  it('is let in by nothing that this gateway has not signed as it signs', async () => {
    const userId = uuidv7();
    const tokens = await begin(userId);
    const keys = app.service.nest.get(SigningKeys, { strict: false });
    const { kid, key } = await keys.current();
    const session = (await sessionsOf(tokens)).body.data[0]!.sessionId;
    const now = Math.floor(app.clock.now().getTime() / 1000);
    const claims = { role: 'authenticated', session_id: session };
    const signed = (
      changed: object,
      {
        by = key,
        alg = 'ES256',
        audience = 'authenticated',
        issuer = SITE,
        at = now,
      }: {
        by?: Parameters<SignJWT['sign']>[0];
        alg?: string;
        audience?: string;
        issuer?: string;
        at?: number;
      } = {},
    ) =>
      new SignJWT({ ...claims, ...changed })
        .setProtectedHeader({ alg, kid })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(at)
        .setExpirationTime(at + 900)
        .sign(by);
    const { privateKey: foreign } = await generateKeyPair('ES256');
    // The public key as a shared secret: what a verifier that lets the token choose the algorithm would take.
    const secret = new TextEncoder().encode(JSON.stringify((await keys.publicKeys()).keys[0]));
    const [, body] = tokens.accessToken.split('.');
    const refused: Record<string, string> = {
      'another audience': await signed({}, { audience: 'service' }),
      'another issuer': await signed({}, { issuer: 'https://evil.example' }),
      'the role of a service': await signed({ role: 'service_role' }),
      'another session': await signed({ session_id: uuidv7() }),
      'what is over': await signed({}, { at: now - 20 * 60 }),
      'a foreign key': await signed({}, { by: foreign }),
      'a shared secret': await signed({}, { by: secret, alg: 'HS256' }),
      'no signature': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
    };
    for (const [what, accessToken] of Object.entries(refused)) {
      expect([what, (await sessionsOf({ ...tokens, accessToken })).status]).toEqual([what, 401]);
    }
    expect((await sessionsOf({ ...tokens, accessToken: await signed({}) })).status).toBe(200);
  });

  it('gets its next tokens for a refresh token, which is kept as a hash alone', async () => {
    const first = await begin();
    const second = await refresh(first.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    expect((await sessionsOf(second.body)).status).toBe(200);
    const rows = await app.service.db.query<object[]>('SELECT * FROM refresh_tokens');
    expect(JSON.stringify(rows)).not.toContain(second.body.refreshToken.slice(4));
    expect((await refresh(`sbr_${'x'.repeat(43)}`)).body.code).toBe('gateway.refresh_refused');
    expect((await refresh('what is this')).status).toBe(401);
  });

  it('asks again when the answer was lost, and two at once get the same', async () => {
    const { refreshToken } = await begin();
    const both = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(both[0].body.refreshToken).toBe(both[1].body.refreshToken);
    app.clock.advance(9_000);
    const lost = await refresh(refreshToken);
    expect(lost.body.refreshToken).toBe(both[0].body.refreshToken);
    expect((await refresh(lost.body.refreshToken)).status).toBe(200);
  });

  it.each<[string, (first: Tokens) => Promise<Tokens & { code: string }>]>([
    [
      'after its time',
      async ({ refreshToken }) => {
        const next = await refresh(refreshToken);
        app.clock.advance(11_000);
        await refresh(refreshToken);
        return next.body;
      },
    ],
    [
      'from another kind of device',
      async ({ refreshToken }) => {
        const next = await refresh(refreshToken);
        await refresh(refreshToken, { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' });
        return next.body;
      },
    ],
    [
      'when the next one was used',
      async ({ refreshToken }) => {
        const next = (await refresh(refreshToken)).body;
        const later = (await refresh(next.refreshToken)).body;
        await refresh(refreshToken);
        return later;
      },
    ],
  ])('ends when a used token comes %s: somebody has stolen it', async (_when, steal) => {
    const userId = uuidv7();
    const first = await begin(userId, 'Pets for Android');
    const stays = await begin(userId);
    const last = await steal(first);
    expect((await sessionsOf(last)).status).toBe(401);
    expect((await refresh(last.refreshToken)).status).toBe(401);
    // Only this one: the token of another device was not stolen.
    expect((await sessionsOf(stays)).body.data).toHaveLength(1);
    const misused = await app.probe.until(SessionMisused, ({ data }) => data.userId === userId);
    expect(misused.data.device).toBe('Pets for Android');
    await app.probe.until(NoticeSendRequested);
    const entries = await app.service.db.query<object[]>(
      `SELECT action, result, details FROM audit_entries WHERE resource_id = $1`,
      [misused.data.sessionId],
    );
    expect(entries).toEqual([{ action: 'gateway.tokens.refresh', result: 'denied', details: { why: 'reused' } }]);
  });

  it('is signed out by itself, by its owner from elsewhere, and by a month in which it was not used', async () => {
    const userId = uuidv7();
    const [own, other, idle] = [await begin(userId), await begin(userId), await begin(userId)];
    expect((await browser().ask('POST', '/sign-in/tokens/revoke', { refreshToken: own.refreshToken })).status).toBe(
      204,
    );
    expect((await sessionsOf(own)).status).toBe(401);
    const { sessionId } = (await sessionsOf(idle)).body.data.find(({ isCurrent }) => !isCurrent)!;
    const ended = await browser().ask('DELETE', `/me/sessions/${sessionId}`, undefined, as(idle));
    expect([ended.status, (await sessionsOf(other)).status]).toEqual([204, 401]);
    expect((await refresh(other.refreshToken)).status).toBe(401);
    app.clock.advance(29 * DAY);
    const again = await refresh(idle.refreshToken);
    expect(again.status).toBe(200);
    app.clock.advance(31 * DAY);
    expect((await refresh(again.body.refreshToken)).status).toBe(401);
  });

  it('stays signed in when the key that signs is another one, which is told of before', async () => {
    const keys = app.service.nest.get(SigningKeys, { strict: false });
    const kids = async () => (await keys.publicKeys()).keys.map(({ kid }) => kid);
    const kidOf = ({ accessToken }: Tokens) => decodeProtectedHeader(accessToken).kid;
    await keys.renew();
    const before = (await keys.current()).kid;
    for (let day = 0; day < 91; day++) {
      app.clock.advance(DAY);
      await keys.renew();
      if ((await kids()).length > 1) break;
    }
    const tokens = await begin();
    expect([kidOf(tokens), (await kids()).length]).toEqual([before, 2]);
    app.clock.advance(DAY + 10 * MINUTE - 15 * MINUTE);
    const old = (await refresh(tokens.refreshToken)).body;
    expect(kidOf(old)).toBe(before);
    app.clock.advance(10 * MINUTE);
    await keys.renew();
    expect((await sessionsOf(old)).status).toBe(200);
    const next = (await refresh(old.refreshToken)).body;
    expect(kidOf(next)).not.toBe(before);
    expect((await sessionsOf(next)).status).toBe(200);
    app.clock.advance(2 * DAY);
    await keys.renew();
    expect(await kids()).toEqual([kidOf(next)]);
    const metrics = await app.service.nest.get(Registry, { strict: false }).metrics();
    expect(metrics).toMatch(/refresh_tokens_total\{outcome="stolen".*\} 3/);
  });

  it('begins also where the clock is behind that of the process which has made the first key', async () => {
    const keys = app.service.nest.get(SigningKeys, { strict: false });
    await keys.current();
    const now = app.clock.now();
    app.clock.advance(-400 * DAY);
    try {
      expect((await keys.current()).kid).toBe((await keys.publicKeys()).keys[0]!.kid);
    } finally {
      app.clock.set(now);
    }
  });

  it('has its used tokens kept for a month: an older one is refused, and ends nothing', async () => {
    const first = await begin();
    let next = (await refresh(first.refreshToken)).body;
    app.clock.advance(29 * DAY);
    next = (await refresh(next.refreshToken)).body;
    const rows = async () => (await app.service.db.query<object[]>('SELECT FROM refresh_tokens')).length;
    const before = await rows();
    const sessions = app.service.nest.get(AppSessionsService, { strict: false });
    app.clock.advance(2 * DAY);
    const removed = await sessions.removeSpent();
    expect([removed > 0, await rows()]).toEqual([true, before - removed]);
    expect((await refresh(first.refreshToken)).body.code).toBe('gateway.refresh_refused');
    expect((await refresh(next.refreshToken)).status).toBe(200);
  });
});
