import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider';

/** What the provider tells of somebody, by what they sign in with there. */
export type Accounts = Record<string, Record<string, unknown>>;

const CLIENT = { client_id: 'switchboard', client_secret: 'switchboard-secret' };

/** The OpenID provider of a company, which is not ours: a certified library. */
export class CompanyProvider {
  readonly client = { id: CLIENT.client_id, secret: CLIENT.client_secret };
  /** How many sign-outs it has told of, and what it was answered. */
  readonly logouts: number[] = [];
  /** How it was shown the client's secret each time, as RFC 6749 §2.3.1 has it. */
  readonly secretsBy: ('basic' | 'post')[] = [];
  /** What its token endpoint refuses the next request with, in place of looking at it. */
  nextRefusal: string | undefined;

  private constructor(
    readonly issuer: string,
    private readonly server: Server,
    readonly accounts: Accounts,
  ) {}

  static async start(accounts: Accounts): Promise<CompanyProvider> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new CompanyProvider(issuer, server, accounts);
  }

  /** @param client where it sends browsers back, and tells of sign-outs */
  open(client: Partial<ClientMetadata> & { redirect_uris: string[] }, more: Configuration = {}): void {
    const configuration: Configuration = {
      clients: [{ ...CLIENT, ...client }],
      claims: {
        openid: ['sub'],
        profile: ['name', 'locale'],
        email: ['email', 'email_verified'],
        groups: ['groups', '_claim_names', '_claim_sources', 'hasgroups'],
      },
      scopes: ['openid', 'profile', 'email', 'groups'],
      findAccount: (_ctx, accountId) => ({
        accountId,
        claims: () => ({ sub: accountId, ...this.accounts[accountId] }),
      }),
      features: {
        devInteractions: { enabled: true },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
      // It calls nobody on this machine by itself, and rightly so.
      fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit),
      ...more,
    };
    // It says again and again that this is for development, which is what it is for here.
    for (const level of ['info', 'warn'] as const) jest.spyOn(console, level).mockImplementation();
    const oidc = new Provider(this.issuer, configuration);
    oidc.on('backchannel.success', () => void this.logouts.push(200));
    oidc.on('backchannel.error', (_ctx, error) => {
      this.logouts.push(Number((error as { response?: { status?: number } }).response?.status ?? 0));
    });
    oidc.on('grant.success', ({ headers }) => void this.secretsBy.push(headers.authorization ? 'basic' : 'post'));
    const answer = oidc.callback();
    this.server.on('request', (req, res) => {
      if (req.url !== '/token' || this.nextRefusal === undefined) return void answer(req, res);
      res.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: this.nextRefusal }));
      this.nextRefusal = undefined;
    });
  }

  browser(): ProviderBrowser {
    return new ProviderBrowser(this.issuer);
  }

  stop(): void {
    jest.restoreAllMocks();
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** A browser at the provider, which stays signed in there. */
export class ProviderBrowser {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly issuer: string) {}

  /** Somebody signs in, where they are asked to, and allows it. Returns the address to which they are sent back. */
  async visit(address: URL | string, login: string, redirectUri: string): Promise<URL> {
    let response = await this.go(String(address));
    for (let step = 0; step < 12; step += 1) {
      const location = response.headers.get('location');
      if (location?.startsWith(redirectUri)) return new URL(location);
      if (location) response = await this.go(new URL(location, this.issuer).href);
      else response = await this.submit(await response.text(), { login, password: 'any' });
    }
    throw new Error('the provider never sent the browser back');
  }

  async signOut(): Promise<void> {
    const page = await (await this.go(`${this.issuer}/session/end`)).text();
    const response = await this.submit(page, { logout: 'yes' });
    const location = response.headers.get('location');
    if (location) await this.go(new URL(location, this.issuer).href);
  }

  /** The form of a page, with what stands in it already. */
  private submit(page: string, fields: Record<string, string>): Promise<Response> {
    const [, action] = /action="([^"]+)"/.exec(page) ?? [];
    if (!action) throw new Error(`the provider shows no form: ${page.slice(0, 500)}`);
    const hidden = [...page.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!]);
    return this.go(
      new URL(action, this.issuer).href,
      new URLSearchParams({ ...Object.fromEntries(hidden), ...fields }),
    );
  }

  private async go(url: string, body?: URLSearchParams): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body && { method: 'POST', body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (value) this.cookies.set(name!, value);
      else this.cookies.delete(name!);
    }
    return response;
  }
}
