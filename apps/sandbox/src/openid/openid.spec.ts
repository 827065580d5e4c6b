import { createHash } from 'node:crypto';
import { type Running, startForSpec } from '../start-for-spec';
import { SANDBOX_CLIENT } from './openid';

const { id: client_id, secret: client_secret } = SANDBOX_CLIENT;
const redirect_uri = 'http://localhost:4080/me/sign-in';
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
    const query = { client_id, redirect_uri, response_type: 'code', state: 's', code_challenge, ...more };
    const address = `${base}/${provider}/authorize?${new URLSearchParams({ code_challenge_method: 's256', ...query })}`;
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

  it('with Yandex: a code of digits, and the app to which the token belongs beside the person', async () => {
    const code = (await visit('yandex')).searchParams.get('code')!;
    expect(code).toMatch(/^\d{7,}$/);
    expect(await post('/yandex/token', { ...grant, client_secret, code: 'letters' })).toMatchObject({
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
    const back = await visit('vk');
    const [code, device_id] = ['code', 'device_id'].map((name) => back.searchParams.get(name)!) as [string, string];
    const form = { ...grant, redirect_uri, state: 's', code };
    expect(await post('/vk/oauth2/auth', form)).toMatchObject({ status: 400, error: 'invalid_request' });
    const tokens = await post('/vk/oauth2/auth', { ...form, device_id });
    expect(tokens).toMatchObject({ status: 200, state: 's', token_type: 'Bearer' });
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
