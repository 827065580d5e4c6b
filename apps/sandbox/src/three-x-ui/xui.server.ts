import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { json, type Request, type RequestHandler, type Response, Router, urlencoded } from 'express';
import { z, ZodError } from 'zod';
import type { PanelSeed, PanelServer, PanelTarget, PanelUserEdit, PanelUserView } from '../kit/panel-servers';
import { type ClientCalls, clientCalls, legacyClientCalls, type Word, WORDS } from './xui.clients';
import { XuiClient, XuiData, XuiError, type XuiInbound, XuiState } from './xui-state';

export const ADDRESS = '/three-x-ui';
const NEWEST = '3.6.0';

const Scope = z.enum(['admin', 'monitor', 'node-sync']);
const Saved = z.object({ data: XuiData, tokens: z.record(z.string(), Scope) });

interface Session {
  readonly csrf: string;
  readonly isSignedIn: boolean;
  readonly expires: number;
}

const SESSION_MS = 6 * 60 * 60_000;
const MOST_FAILURES = 5;
const FAILURES_MS = 5 * 60_000;
const BLOCKED_MS = 15 * 60_000;

/** What tokens may that are not for everything. */
const SCOPES: Readonly<Record<'monitor' | 'node-sync', RegExp>> = {
  monitor: /^GET \/server\/status$/,
  'node-sync':
    /^(GET \/(server\/status|inbounds\/list)|POST \/clients\/((add|onlines|lastOnline)|(update|del|resetTraffic)\/[^/]+|[^/]+\/detach))$/,
};

type Endpoint = (target: PanelTarget, answer: (req: Request, res: Response) => unknown) => RequestHandler;

/** One server with a 3X-UI panel at its secret address. Source: 3x-ui, v2.8.5 and v3.6.0. */
export class XuiServer implements PanelServer {
  private readonly version: string;
  private readonly isV3: boolean;
  /** Clients have an API of their own, and nobody else writes an inbound meanwhile. */
  private readonly hasClientsApi: boolean;
  private readonly words: Readonly<Record<Word, string>>;
  private readonly webBasePath: string;
  private readonly user = { username: 'admin', password: 'sandbox' };
  private readonly sessions = new Map<string, Session>();
  private readonly failures = new Map<string, { at: number; count: number }>();
  private tokens: Record<string, z.output<typeof Scope>>;
  readonly state: XuiState;

  constructor(private readonly seed: PanelSeed) {
    this.version = seed.version ?? NEWEST;
    this.isV3 = Number.parseInt(this.version) >= 3;
    this.hasClientsApi = this.isV3 && !this.version.startsWith('3.0.');
    this.words = this.isV3 ? WORDS.en : WORDS.ru;
    this.webBasePath = `/${createHash('sha256').update(seed.name).digest('hex').slice(0, 8)}/`;
    this.tokens = this.isV3 ? { [`sandbox-${seed.name}`]: 'admin' } : {};
    this.state = new XuiState({ locks: this.hasClientsApi, switchesOff: this.isV3 || this.version.startsWith('2.9.') });
  }

  account(base: string): Readonly<Record<string, string>> {
    const url = `${base}${ADDRESS}/${this.seed.name}${this.webBasePath}`;
    return { url, ...this.user, ...(this.isV3 && { token: `sandbox-${this.seed.name}` }) };
  }

  users(): PanelUserView[] {
    const { state } = this;
    return state.clients().map((client) => {
      const { email: name, enable: enabled, expiryTime, totalGB, limitIp, id, password } = client;
      const row = state.traffic(name);
      return {
        ...{ name, enabled, served: enabled && row?.enable === true, usedBytes: row ? row.up + row.down : 0 },
        expiresAt: expiryTime > 0 ? expiryTime : null,
        limitBytes: totalGB || null,
        devices: limitIp || null,
        onlineAt: row?.lastOnline || null,
        ...(id && { uuid: id }),
        ...(password && { password }),
        links: linksOf(state, name, 'vpn.example.com'),
      };
    });
  }

  add(name: string, user: PanelUserEdit): void {
    const client = edited(XuiClient.parse({ email: name, id: randomUUID(), subId: randomUUID(), enable: true }), user);
    const inbound = this.state.inbound(1);
    inbound.clients.push(client);
    this.state.addTraffic(inbound.id, client);
  }

  edit(name: string, user: PanelUserEdit): void {
    const row = this.state.traffic(name);
    this.state.editClient(name, (client) => edited(client, user));
    const client = this.state.inboundsOf(name)[0]?.clients.find(({ email }) => email === name);
    if (client && row)
      Object.assign(row, { enable: client.enable, total: client.totalGB, expiryTime: client.expiryTime });
  }

  remove(name: string): void {
    this.state.forget(name);
  }

  use(name: string, bytes: number): void {
    const up = Math.floor(bytes / 10);
    this.state.use(name, up, bytes - up);
  }

  save(): object {
    return { data: this.state.save(), tokens: this.tokens };
  }

  restore(saved: unknown): void {
    const { data, tokens } = Saved.parse(saved);
    this.state.restore(data);
    this.tokens = tokens;
  }

  signOut(): void {
    this.sessions.clear();
  }

  /** Everything below the server's address. `endpoint` notes a call and lets it suffer what was ordered. */
  router(endpoint: Endpoint): Router {
    // Up to 3.0 a session is enough; from then on what changes something bears the session's mark.
    const api = Router({ mergeParams: true });
    const call = (target: PanelTarget, answer: (req: Request, res: Response) => unknown) =>
      endpoint(target, (req, res) => (this.admits(req, res) ? answer(req, res) : undefined));
    const calls: ClientCalls = this.hasClientsApi ? clientCalls(this.state) : legacyClientCalls(this.state);
    for (const [route, { target, failed, done, run }] of Object.entries(calls)) {
      const [method, path] = route.split(' ') as ['GET' | 'POST', string];
      const answer = call(target, async (req, res) => {
        try {
          const { params, query, body } = req as Request<Record<string, string>, unknown, unknown>;
          succeed(res, (await run({ params, query, body })) ?? null, done && this.words[done]);
        } catch (error) {
          if (!(error instanceof XuiError || error instanceof ZodError)) throw error;
          // With 200, too: that it went wrong stands in the body only.
          refuse(res, `${this.words[failed ?? 'somethingWentWrong']} (${messageOf(error)})`);
        }
      });
      if (method === 'GET') api.get(path, answer);
      else api.post(path, answer);
    }
    const views = () => this.state.inbounds.map((inbound) => this.viewOf(inbound));
    api.get(
      '/inbounds/list',
      call('list', (_req, res) => succeed(res, views())),
    );
    api.get(
      '/inbounds/get/:id',
      call('read', (req, res) => {
        const found = views().find(({ id }) => String(id) === req.params['id']);
        if (found) succeed(res, { ...found, clientStats: null });
        else refuse(res, `${this.words.obtain} (record not found)`);
      }),
    );
    api.get(
      '/server/status',
      call('health', (_req, res) => succeed(res, this.status())),
    );
    if (this.isV3)
      api.post(
        '/setting/apiTokens/create',
        call('login', (req, res) => {
          const { name, scope } = z.object({ name: z.string(), scope: Scope.default('admin') }).parse(req.body);
          const token = randomBytes(24).toString('base64url');
          this.tokens[token] = scope;
          succeed(res, { id: Object.keys(this.tokens).length, name, scope, token, enabled: true, expiresAt: 0 });
        }),
      );

    const panel = Router({ mergeParams: true });
    panel.use(json({ limit: '10mb' }), urlencoded({ extended: false, limit: '10mb' }));
    if (this.isV3)
      panel.get(
        '/csrf-token',
        endpoint('read', (req, res) => succeed(res, (this.sessionOf(req) ?? this.begin(res, false)).csrf)),
      );
    panel.post(
      '/login',
      endpoint('login', (req, res) => this.login(req, res)),
    );
    panel.use('/panel/api', api);

    const router = Router({ mergeParams: true });
    router.use(this.webBasePath, panel);
    // In life another port, and the part of the panel that people's apps ask.
    router.get(
      '/sub/:subId',
      endpoint('read', (req, res) => this.subscription(req, res)),
    );
    router.use(endpoint('read', (_req, res) => res.status(404).type('text').send('404 page not found')));
    return router;
  }

  private login(req: Request, res: Response): void {
    if (!this.bearsMark(req)) return void res.status(403).end();
    const { username = '', password = '' } = (req.body ?? {}) as Partial<Record<string, string>>;
    if (!username) return refuse(res, this.words.emptyUsername);
    if (!password) return refuse(res, this.words.emptyPassword);
    const now = Date.now();
    const failed = this.failures.get(username);
    const isBlocked = this.isV3 && failed?.count === MOST_FAILURES && now < failed.at + BLOCKED_MS;
    if (isBlocked || username !== this.user.username || password !== this.user.password) {
      const isRecent = failed && now < failed.at + (isBlocked ? BLOCKED_MS : FAILURES_MS);
      if (!isBlocked) this.failures.set(username, { at: now, count: isRecent ? failed.count + 1 : 1 });
      return refuse(res, this.words.wrongLogin);
    }
    this.failures.delete(username);
    this.begin(res, true);
    succeed(res, null, this.words.loggedIn);
  }

  /** Whoever is not signed in is not told that there is anything. */
  private admits(req: Request, res: Response): boolean {
    const [, token] = /^Bearer (.+)$/.exec(req.get('authorization') ?? '') ?? [];
    const scope = token === undefined ? undefined : this.tokens[token];
    if (scope !== undefined) {
      const [, path] = /\/panel\/api(\/[^?]*)/.exec(req.originalUrl) ?? [];
      if (scope === 'admin' || SCOPES[scope].test(`${req.method} ${path}`)) return true;
      res.status(403).json({ success: false, msg: 'this API token is not permitted to access this endpoint' });
      return false;
    }
    if (!this.sessionOf(req)?.isSignedIn) {
      res.status(this.isV3 && req.get('x-requested-with') === 'XMLHttpRequest' ? 401 : 404).end();
      return false;
    }
    if (req.method === 'GET' || this.bearsMark(req)) return true;
    res.status(403).end();
    return false;
  }

  private bearsMark(req: Request): boolean {
    if (!this.isV3) return true;
    const mark = req.get('x-csrf-token') ?? (req.body as Record<string, string> | undefined)?.['_csrf'];
    return mark !== undefined && mark === this.sessionOf(req)?.csrf;
  }

  private sessionOf(req: Request): Session | undefined {
    const [, id = ''] = /(?:^|;\s*)3x-ui=([^;]+)/.exec(req.headers.cookie ?? '') ?? [];
    const session = this.sessions.get(id);
    return session && session.expires > Date.now() ? session : undefined;
  }

  private begin(res: Response, isSignedIn: boolean): Session {
    const session = { csrf: randomBytes(32).toString('base64url'), isSignedIn, expires: Date.now() + SESSION_MS };
    const id = randomBytes(24).toString('base64url');
    this.sessions.set(id, session);
    const path = `${ADDRESS}/${this.seed.name}${this.webBasePath}`;
    res.cookie('3x-ui', id, { path, httpOnly: true, maxAge: SESSION_MS });
    return session;
  }

  private viewOf({ clients, streamSettings, id, port, protocol, remark }: XuiInbound) {
    const parts = {
      settings: protocol === 'shadowsocks' ? { clients, method: 'chacha20-ietf-poly1305' } : { clients, ...OPTIONS },
      streamSettings,
      sniffing: { enabled: false, destOverride: ['http', 'tls', 'quic', 'fakedns'] },
    };
    const rows = clients.flatMap(({ email, id: uuid, subId }) => {
      const row = this.state.traffic(email);
      return row?.inboundId === id ? [{ ...row, uuid, subId }] : [];
    });
    const sum = (field: 'up' | 'down') => rows.reduce((all, row) => all + row[field], 0);
    return {
      ...{ id, up: sum('up'), down: sum('down'), total: 0, allTime: sum('up') + sum('down'), remark, enable: true },
      ...{ expiryTime: 0, trafficReset: 'never', lastTrafficResetTime: 0, listen: '', port, protocol },
      clientStats: rows as object[] | null,
      // Up to 3.0 these are strings that hold JSON.
      ...(this.hasClientsApi
        ? parts
        : Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, JSON.stringify(part, null, 2)]))),
      tag: `inbound-${port}`,
    };
  }

  private status(): object {
    const online = [...this.state.allTraffic()].filter(({ lastOnline }) => Date.now() - lastOnline < 60_000).length;
    return {
      ...{ cpu: Math.min(95, 3 + online / 10), cpuCores: 2, logicalPro: 2, cpuSpeedMhz: 2400 },
      ...{ mem: { current: 412_000_000, total: 2_000_000_000 }, swap: { current: 0, total: 0 } },
      ...{ disk: { current: 4e9, total: 4e10 }, xray: { state: 'running', errorMsg: '', version: '25.9.11' } },
      ...{ uptime: 864_000, loads: [0.1, 0.1, 0.1], tcpCount: online * 4, udpCount: online },
      ...{ netIO: { up: 0, down: 0 }, netTraffic: { sent: 0, recv: 0 } },
      publicIP: { ipv4: '203.0.113.10', ipv6: 'N/A' },
      appStats: { threads: 12, mem: 60_000_000, uptime: 864_000 },
      ...(this.isV3 && { panelVersion: `v${this.version}` }),
    };
  }

  private subscription(req: Request, res: Response): void {
    const found = this.state.clients().filter(({ subId }) => subId !== '' && subId === req.params['subId']);
    const links = found.flatMap(({ email }) => linksOf(this.state, email, req.hostname));
    if (links.length === 0) return void (this.isV3 ? res.status(404).end() : res.status(400).send('Error!'));
    const rows = found.flatMap(({ email }) => this.state.traffic(email) ?? []);
    const sum = (field: 'up' | 'down' | 'total') => rows.reduce((all, row) => all + row[field], 0);
    const expire = Math.floor(Math.max(0, ...rows.map(({ expiryTime }) => expiryTime)) / 1000);
    res.set({
      'Subscription-Userinfo': `upload=${sum('up')}; download=${sum('down')}; total=${sum('total')}; expire=${expire}`,
      'Profile-Update-Interval': '12',
    });
    res.type('text').send(Buffer.from(links.map((link) => `${link}\n`).join('')).toString('base64'));
  }
}

const OPTIONS = { decryption: 'none', fallbacks: [] };

const succeed = (res: Response, obj: unknown = null, msg = '') => void res.json({ success: true, msg, obj });
const refuse = (res: Response, msg: string) => void res.json({ success: false, msg, obj: null });

function messageOf(error: Error): string {
  if (!(error instanceof ZodError)) return error.message;
  const { path, message } = error.issues[0]!;
  return `json: cannot unmarshal into Go struct field ${path.join('.')}: ${message}`;
}

function edited(client: XuiClient, user: PanelUserEdit): XuiClient {
  const { enabled, expiresAt, limitBytes, devices, uuid, password } = user;
  return {
    ...client,
    ...(enabled !== undefined && { enable: enabled }),
    ...(expiresAt !== undefined && { expiryTime: expiresAt ?? 0 }),
    ...(limitBytes !== undefined && { totalGB: limitBytes ?? 0 }),
    ...(devices !== undefined && { limitIp: devices ?? 0 }),
    ...(uuid !== undefined && { id: uuid }),
    ...(password !== undefined && { password }),
  };
}

/** How a client connects, as the panel words it. In life by the host that was asked. */
function linksOf(state: XuiState, email: string, host: string): string[] {
  return state.inboundsOf(email).map(({ clients, protocol, port, streamSettings, remark }) => {
    const client = clients.find((one) => one.email === email)!;
    const { network, security, realitySettings, tlsSettings, wsSettings } = streamSettings;
    const query = new URLSearchParams({
      ...{ type: network, security, ...(protocol === 'vless' && { encryption: 'none' }) },
      ...(wsSettings && { path: wsSettings.path }),
      ...(tlsSettings && {
        sni: tlsSettings.serverName,
        fp: tlsSettings.settings.fingerprint,
        alpn: tlsSettings.alpn.join(),
      }),
      ...(realitySettings && {
        ...{ pbk: realitySettings.settings.publicKey, fp: realitySettings.settings.fingerprint, spx: '/' },
        ...{ sni: realitySettings.serverNames[0]!, sid: realitySettings.shortIds[0]! },
      }),
      ...(protocol === 'vless' && client.flow && { flow: client.flow }),
    });
    const secret = protocol === 'vless' ? client.id : encodeURIComponent(client.password);
    return `${protocol}://${secret}@${host}:${port}?${query}#${encodeURIComponent(`${remark}-${email}`)}`;
  });
}
