import { createHash } from 'node:crypto';
import { type Running, startForSpec } from '../start-for-spec';
import { SANDBOX_CLIENT } from './openid';

const { id: client_id, secret: client_secret } = SANDBOX_CLIENT;
const redirect_uri = 'http://localhost:4080/me/sign-in';
const STATE = 'a-state-of-at-least-32-characters';
const code_verifier = 'a-verifier-of-at-least-forty-three-characters';
const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');

describe('accounts elsewhere', () => {
  let spec: Running;
  let base: string;

  beforeAll(async () => {
    spec = await startForSpec();
    base = spec.sandbox.addresses['openid']!;
  });
  afterEach(() => spec.client.reset());
  afterAll(() => spec.sandbox.close());

  const visit = (provider: string, more: Record<string, string> = {}) => {
    const query = { client_id, redirect_uri, response_type: 'code', state: STATE, code_challenge, ...more };
    const address = `${base}/${provider}/authorize?${new URLSearchParams({ code_challenge_method: 'S256', ...query })}`;
    return spec.client.accounts(provider).visit(address, spec.anna.id);
  };
  const post = async (path: string, form: Record<string, string>) => {
    const answer = await fetch(base + path, { method: 'POST', body: new URLSearchParams(form) });
    return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) };
  };
  const grant = { grant_type: 'authorization_code', client_id, code_verifier };

  it('with Google: a token for one person, and another subject than anywhere else', async () => {
    const back = await visit('google', { scope: 'openid profile email' });
    const form = { ...grant, client_secret, redirect_uri, code: back.searchParams.get('code')! };
    const { access_token } = (await post('/google/token', form)) as { access_token?: string };
    const info = await fetch(`${base}/google/userinfo`, { headers: { authorization: `Bearer ${access_token}` } });
    const subject = `google-${spec.anna.id}`;
    expect(await info.json()).toMatchObject({ sub: subject, given_name: 'Анна', email: 'anna_sandbox@google.example' });
  });

  it.each([
    ['a challenge by a method that it does not know', { code_challenge_method: 's256' }, 'invalid_request'],
    ['a scope that it does not know', { scope: 'openid everything' }, 'invalid_scope'],
  ])('with Google: refuses %s', async (_what, more: Record<string, string>, error) => {
    expect((await visit('google', more)).searchParams.get('error')).toBe(error);
  });

  it('with Google: a token only for the address of before, and who it is only where `openid` was asked for', async () => {
    const codeOf = async (more: Record<string, string>) => (await visit('google', more)).searchParams.get('code')!;
    const form = { ...grant, client_secret, code: await codeOf({ scope: 'openid' }) };
    expect(await post('/google/token', form)).toMatchObject({ status: 400, error: 'invalid_request' });
    const plain = { ...grant, client_secret, redirect_uri, code: await codeOf({ scope: 'email' }) };
    expect(await post('/google/token', plain)).not.toHaveProperty('id_token');
  });

  it('with Google: says which issuer answers, when it was signed in where that was asked for, and no language', async () => {
    const described = await fetch(`${base}/google/.well-known/openid-configuration`);
    const { issuer, authorization_endpoint, ...rest } = (await described.json()) as Record<string, string>;
    expect(rest).toMatchObject({ authorization_response_iss_parameter_supported: true });
    for (const max_age of [undefined, '600']) {
      const address = new URL(authorization_endpoint!);
      const query = {
        client_id,
        redirect_uri,
        response_type: 'code',
        scope: 'openid profile',
        ...(max_age && { max_age }),
      };
      for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
      const { searchParams } = await spec.client.accounts('google').visit(address.href, spec.anna.id);
      expect(searchParams.get('iss')).toBe(issuer);
      const form = { ...grant, client_secret, redirect_uri, code: searchParams.get('code')! };
      const { id_token } = (await post('/google/token', form)) as { id_token?: string };
      const claims = JSON.parse(Buffer.from(id_token!.split('.')[1]!, 'base64url').toString()) as object;
      expect(Object.keys(claims)).not.toContain('locale');
      expect('auth_time' in claims).toBe(max_age !== undefined);
    }
  });

  it('with Yandex: a code of sixteen characters, and the app to which the token belongs beside the person', async () => {
    const code = (await visit('yandex')).searchParams.get('code')!;
    expect(code).toMatch(/^[a-z0-9]{16}$/);
    const wrong = { ...grant, client_secret: 'wrong', code };
    expect(await post('/yandex/token', wrong)).toMatchObject({ status: 400, error: 'invalid_client' });
    expect(await post('/yandex/token', { ...grant, client_secret, code: 'short' })).toMatchObject({
      status: 400,
      error: 'bad_verification_code',
    });
    const { access_token } = (await post('/yandex/token', { ...grant, client_secret, code })) as {
      access_token?: string;
    };
    const info = (headers: Record<string, string>) => fetch(`${base}/yandex/info?format=json`, { headers });
    expect((await info({})).status).toBe(401);
    expect(await (await info({ authorization: `OAuth ${access_token}` })).json()).toMatchObject({
      client_id,
      login: 'anna_sandbox',
      first_name: 'Анна',
    });
  });

  it('with VK: never without a challenge, and a code counts only together with its device', async () => {
    const refused = await visit('vk', { code_challenge: '' });
    expect(refused.searchParams.get('error')).toBe('invalid_request');
    const guessed = await visit('vk', { state: 'short' });
    expect(guessed.searchParams.get('error')).toBe('invalid_request');
    const back = await visit('vk', { code_challenge_method: 's256' });
    const [code, device_id] = ['code', 'device_id'].map((name) => back.searchParams.get(name)!) as [string, string];
    const form = { ...grant, redirect_uri, state: STATE, code };
    expect(await post('/vk/oauth2/auth', form)).toMatchObject({ status: 400, error: 'invalid_request' });
    const tokens = await post('/vk/oauth2/auth', { ...form, device_id });
    expect(tokens).toMatchObject({ status: 200, state: STATE, token_type: 'Bearer' });
    const access_token = tokens['access_token' as never] as string;
    expect(await post('/vk/oauth2/user_info', { client_id, access_token })).toMatchObject({
      user: { user_id: String(tokens['user_id' as never]), first_name: 'Анна' },
    });
    expect(await post('/vk/oauth2/user_info', { client_id: 'another', access_token })).toMatchObject({ status: 401 });
  });

  it('lets a person choose on a page, and go away', async () => {
    const query = new URLSearchParams({ client_id, redirect_uri, response_type: 'code', state: 's' });
    const shown = await (await fetch(`${base}/company/authorize?${query}`)).text();
    const [, path] = /action="([^"]+)"/.exec(shown)!;
    const press = (decision: string) =>
      fetch(spec.sandbox.url + path, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ person: String(spec.emma.id), decision }),
      });
    expect((await press('decline')).headers.get('location')).toMatch(/error=access_denied/);
    expect((await press('allow')).headers.get('location')).toMatch(/^http:\/\/localhost:4080\/me\/sign-in\?code=/);
  });

  it('with the company: the groups that were chosen, and when it was signed in', async () => {
    const query = { client_id, redirect_uri, response_type: 'code', state: 's', scope: 'openid email groups' };
    const shown = await (await fetch(`${base}/company/authorize?${new URLSearchParams(query)}`)).text();
    const [, path] = /action="([^"]+)"/.exec(shown)!;
    expect(shown).toContain('value="support"');
    const body = new URLSearchParams({ person: String(spec.anna.id), decision: 'allow', group: 'support' });
    const sent = await fetch(spec.sandbox.url + path, { method: 'POST', redirect: 'manual', body });
    const code = new URL(sent.headers.get('location')!).searchParams.get('code')!;
    const form = { grant_type: 'authorization_code', client_id, client_secret, redirect_uri, code };
    const { id_token } = (await post('/company/token', form)) as { id_token?: string };
    const claims = JSON.parse(Buffer.from(id_token!.split('.')[1]!, 'base64url').toString()) as object;
    expect(claims).toMatchObject({ groups: ['support'], email: 'anna_sandbox@company.example', email_verified: true });
    expect(claims).toHaveProperty('auth_time', expect.any(Number));
  });
});
