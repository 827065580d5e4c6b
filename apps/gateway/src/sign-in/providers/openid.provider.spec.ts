import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import Provider, { type Configuration } from 'oidc-provider';
import { OpenIdProvider } from './openid.provider';
import { type Attempt, SignInRefused } from './sign-in-provider';

const REDIRECT_URI = 'http://localhost:4080/me/sign-in';

/** A real provider, and not one that we have written ourselves. */
describe('signing in with a certified OpenID provider', () => {
  let server: Server;
  let issuer: string;
  let provider: OpenIdProvider;

  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const configuration: Configuration = {
      clients: [{ client_id: 'shop', client_secret: 'shop-secret', redirect_uris: [REDIRECT_URI] }],
      claims: { openid: ['sub'], profile: ['name', 'locale'], email: ['email'] },
      // As Google, and unlike the provider's own habit: everything is in the id_token.
      conformIdTokenClaims: false,
      findAccount: (_ctx, accountId) => ({
        accountId,
        claims: () => ({ sub: accountId, name: 'Ann Lee', locale: 'ru', email: 'ann@mail.example' }),
      }),
      features: { devInteractions: { enabled: true } },
    };
    // It says again and again that this is for development, which is what it is for here.
    for (const level of ['info', 'warn'] as const) jest.spyOn(console, level).mockImplementation();
    const oidc = new Provider(issuer, configuration);
    server.on('request', oidc.callback());
    provider = new OpenIdProvider('company', { issuer, clientId: 'shop', clientSecret: 'shop-secret' }, (_name, work) =>
      work(new AbortController().signal),
    );
  });
  afterAll(() => {
    jest.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  });

  const attempt = (): Attempt => ({
    state: randomBytes(24).toString('base64url'),
    nonce: randomBytes(24).toString('base64url'),
    verifier: randomBytes(48).toString('base64url'),
    redirectUri: REDIRECT_URI,
  });

  /** A person signs in and allows it, as in a browser. Returns the address to which they are sent back. */
  async function visit(address: URL): Promise<URL> {
    const cookies = new Map<string, string>();
    const go = async (url: string, body?: URLSearchParams): Promise<Response> => {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(body && { method: 'POST', body }),
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
        cookies.set(name!, value!);
      }
      return response;
    };
    let response = await go(address.href);
    for (let step = 0; step < 10; step += 1) {
      const location = response.headers.get('location');
      if (location?.startsWith(REDIRECT_URI)) return new URL(location);
      if (location) response = await go(new URL(location, issuer).href);
      else {
        const page = await response.text();
        const [, action] = /action="([^"]+)"/.exec(page)!;
        const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page)!;
        const form = new URLSearchParams({ prompt: prompt!, login: 'ann-4711', password: 'any' });
        response = await go(new URL(action!, issuer).href, form);
      }
    }
    throw new Error('the provider never sent the browser back');
  }
  const answerOf = ({ searchParams }: URL) => ({
    code: searchParams.get('code')!,
    issuer: searchParams.get('iss') ?? undefined,
  });

  it('says who it is', async () => {
    const begun = attempt();
    const back = await visit(await provider.authorizationUrl(begun));
    expect(back.searchParams.get('state')).toBe(begun.state);
    expect(await provider.identify(answerOf(back), begun)).toEqual({
      externalId: 'ann-4711',
      name: 'Ann Lee',
      label: 'ann@mail.example',
      locale: 'ru',
    });
  });

  it.each<[string, (begun: Attempt) => Attempt, object]>([
    ['another nonce', (begun) => ({ ...begun, nonce: 'another' }), {}],
    ['another verifier', (begun) => ({ ...begun, verifier: attempt().verifier }), {}],
    ['another issuer in its address', (begun) => begun, { issuer: 'https://evil.example' }],
    ['no issuer, although it says that it tells it', (begun) => begun, { issuer: undefined }],
  ])('is refused with %s', async (_what, change, more) => {
    const begun = attempt();
    const back = await visit(await provider.authorizationUrl(begun));
    const identified = provider.identify({ ...answerOf(back), ...more }, change(begun));
    await expect(identified).rejects.toBeInstanceOf(SignInRefused);
  });

  it('is refused with a code that was used', async () => {
    const begun = attempt();
    const answer = answerOf(await visit(await provider.authorizationUrl(begun)));
    await provider.identify(answer, begun);
    await expect(provider.identify(answer, begun)).rejects.toBeInstanceOf(SignInRefused);
  });
});
