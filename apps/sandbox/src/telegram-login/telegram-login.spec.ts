import { createHash } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { type Running, startForSpec } from '../start-for-spec';

const CLIENT = { id: '7100000001', secret: 'a-login-secret', redirectUris: ['https://shop.example/back'] };
const VERIFIER = 'a-verifier-of-at-least-forty-three-characters';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

describe('signing in with Telegram in the sandbox', () => {
  let spec: Running;
  let issuer: string;

  beforeAll(async () => {
    spec = await startForSpec({ 'telegram-login': { clients: [CLIENT] } });
    issuer = spec.sandbox.addresses['telegram-login']!;
  });
  afterEach(() => spec.client.reset());
  afterAll(() => spec.sandbox.close());

  const asked = (more: Record<string, string> = {}) =>
    `${issuer}/auth?${new URLSearchParams({
      client_id: CLIENT.id,
      redirect_uri: CLIENT.redirectUris[0]!,
      response_type: 'code',
      scope: 'openid profile',
      state: 'the-state',
      nonce: 'the-nonce',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...more,
    })}`;
  const exchange = (code: string, more: Record<string, string> = {}, basic = `${CLIENT.id}:${CLIENT.secret}`) =>
    fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(basic)}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: CLIENT.redirectUris[0]!,
        code_verifier: VERIFIER,
        ...more,
      }),
    });
  const codeOf = async (more?: Record<string, string>) =>
    (await spec.client.telegramLogin.visit(asked(more), spec.anna.id)).searchParams.get('code')!;
  const tokenOf = async (more?: Record<string, string>) =>
    ((await (await exchange(await codeOf(more))).json()) as { id_token: string }).id_token;
  const keys = async () => (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as JSONWebKeySet;

  it('describes itself at the address by which it was asked', async () => {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
    expect(await answer.json()).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      code_challenge_methods_supported: ['S256'],
    });
  });

  it('asks in the language of the browser', async () => {
    const shown = async (language: string) =>
      (await fetch(asked(), { headers: { 'accept-language': language } })).text();
    expect(await shown('ru-RU,ru;q=0.9,en;q=0.8')).toMatch(/<html lang="ru">[^]*Вход через Telegram[^]*Разрешить/);
    expect(await shown('de')).toMatch(/<html lang="en">[^]*Sign in with Telegram[^]*Approve/);
  });

  it('gives a signed token that says who approved', async () => {
    const { payload } = await jwtVerify(await tokenOf(), createLocalJWKSet(await keys()), {
      issuer,
      audience: CLIENT.id,
    });
    expect(payload).toMatchObject({
      sub: expect.stringMatching(/^\d{19}$/),
      id: spec.anna.id,
      given_name: 'Анна',
      preferred_username: 'anna_sandbox',
      nonce: 'the-nonce',
    });
    expect(payload).not.toHaveProperty('phone_number');
  });

  it('tells of a key for each algorithm, by the names of the real ones', async () => {
    const told = (await keys()).keys.map(({ kid, alg, use, key_ops }) => ({ kid, alg, use, key_ops }));
    expect(told).toEqual([
      { kid: 'oidc-1', alg: 'RS256', use: undefined, key_ops: ['verify'] },
      { kid: 'oidc-es256-1', alg: 'ES256', use: 'sig', key_ops: undefined },
      { kid: 'oidc-eddsa-1', alg: 'EdDSA', use: 'sig', key_ops: undefined },
      { kid: 'oidc-es256k-1', alg: 'ES256K', use: 'sig', key_ops: undefined },
    ]);
  });

  it('says the number only where it was asked for', async () => {
    expect(decodeJwt(await tokenOf({ scope: 'openid' }))).not.toHaveProperty('id');
    expect(decodeJwt(await tokenOf({ scope: 'openid phone' }))).toMatchObject({ phone_number_verified: true });
  });

  it('shows an emoji, and takes an approval on the phone only with the same one', async () => {
    const shown = await (await fetch(asked())).text();
    const [, path] = /action="([^"]+)"/.exec(shown)!;
    const [, emoji] = /id="emoji">([^<]+)</.exec(shown)!;
    const choices = [...shown.matchAll(/name="emoji" value="([^"]+)"/g)].map(([, one]) => one!);
    const press = (chosen: string, decision = 'approve') =>
      fetch(spec.sandbox.url + path, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ person: String(spec.anna.id), emoji: chosen, decision }),
      });
    expect((await press(choices.find((one) => one !== emoji)!)).status).toBe(400);
    const waits = await fetch(spec.sandbox.url + path);
    expect(await waits.json()).toEqual({ location: null });
    const approved = await press(emoji!);
    const location = approved.headers.get('location')!;
    expect([approved.status, new URL(location).searchParams.get('state')]).toEqual([303, 'the-state']);
    // The page in the browser, which has waited for it, goes there.
    expect(await (await fetch(spec.sandbox.url + path)).json()).toEqual({ location });
  });

  it('tells the site when somebody declines', async () => {
    const back = await spec.client.telegramLogin.visit(asked(), spec.anna.id, { decline: true });
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 'the-state' });
  });

  it.each([
    ['a client nobody knows', { client_id: '7999999999' }],
    ['an address that is not registered', { redirect_uri: 'https://evil.example/back' }],
  ])('sends nobody back for %s', async (_what, more: Record<string, string>) => {
    const answer = await fetch(asked(more), { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });

  it.each([
    ['without the secret', {}, `${CLIENT.id}:wrong`, 401, 'invalid_client'],
    ['with another verifier', { code_verifier: 'x'.repeat(43) }, undefined, 400, 'invalid_grant'],
    ['for another address', { redirect_uri: 'https://shop.example/other' }, undefined, 400, 'invalid_grant'],
  ])('gives nothing %s', async (_what, more: Record<string, string>, basic, status, error) => {
    const answer = await exchange(await codeOf(), more, basic);
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ error })]);
  });

  it('takes a code once', async () => {
    const code = await codeOf();
    expect((await exchange(code)).status).toBe(200);
    expect(await (await exchange(code)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('signs with new keys after a rotation, and still tells of the ones before', async () => {
    const before = await tokenOf();
    await spec.client.telegramLogin.rotateKeys();
    const after = await tokenOf();
    for (const token of [before, after]) await jwtVerify(token, createLocalJWKSet(await keys()));
    expect(after.split('.')[0]).not.toBe(before.split('.')[0]);
  });

  it('can be wrong in every way that a site has to notice', async () => {
    const known = createLocalJWKSet(await keys());
    const verify = (token: string) => jwtVerify(token, known, { issuer, audience: CLIENT.id });
    for (const kind of ['wrong-aud', 'wrong-iss', 'expired', 'foreign', 'unknown-kid', 'unsigned']) {
      await spec.fault('telegram-login.token', kind);
      await expect(verify(await tokenOf())).rejects.toThrow();
    }
    await spec.fault('telegram-login.token', 'id-text');
    expect(decodeJwt(await tokenOf())).toMatchObject({ id: String(spec.anna.id) });
    await spec.fault('telegram-login.token', 'aud-number');
    expect(decodeJwt(await tokenOf()).aud).toBe(Number(CLIENT.id));
  });
});
