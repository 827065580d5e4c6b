import { randomBytes } from 'node:crypto';
import { json, type Request, type RequestHandler, type Response, Router } from 'express';
import { z, ZodError } from 'zod';
import type { PanelSeed, PanelServer, PanelTarget, PanelUserEdit, PanelUserView } from '../kit/panel-servers';
import {
  isServed,
  NewDevice,
  NewUser,
  RemnawaveData,
  RemnawaveError,
  RemnawaveState,
  type Squad,
  Status,
  type User,
  UserChange,
} from './remnawave-state';

export const ADDRESS = '/remnawave';
const NEWEST = '3.3.2';
const NODE_UUID = '5f0ec2b0-6a0c-4f4e-9d55-0d3a4f0b7a11';
/** Of nobody: an app shows its name where a list of servers would be. */
const DUMMY = 'vless://00000000-0000-0000-0000-000000000000@0.0.0.0:1?type=tcp&security=none';

type Answer = (req: Request, res: Response) => unknown;
type Endpoint = (target: PanelTarget, answer: Answer) => RequestHandler;

const Paging = z.looseObject({
  start: z.coerce.number().int().min(0).default(0),
  size: z.coerce.number().int().min(1).max(1000).default(25),
});
const Streaming = z.looseObject({
  cursor: z.coerce.number().optional(),
  size: z.coerce.number().int().min(1).max(1000).default(250),
  status: Status.optional(),
  telegramId: z.coerce.number().optional(),
  email: z.string().optional(),
  tag: z.string().optional(),
});

/** One installation of Remnawave behind its reverse proxy. Source: remnawave/backend, v2.8.1 and v3.3.2. */
export class RemnawaveServer implements PanelServer {
  private readonly version: string;
  private readonly isV3: boolean;
  private readonly token: string;
  private readonly admin = { username: 'admin', password: 'sandbox-remnawave' };
  private readonly adminTokens = new Set<string>();
  readonly state: RemnawaveState;

  constructor(private readonly seed: PanelSeed) {
    this.version = seed.version ?? NEWEST;
    this.isV3 = Number.parseInt(this.version) >= 3;
    this.token = `sandbox-${seed.name}`;
    this.state = new RemnawaveState(this.token);
  }

  account(base: string): Readonly<Record<string, string>> {
    const squad = this.state.squads[0]!.uuid;
    return { url: `${base}${ADDRESS}/${this.seed.name}`, token: this.token, squad, ...this.admin };
  }

  users(): PanelUserView[] {
    return this.state.all().map((user) => ({
      name: user.username,
      enabled: user.status !== 'DISABLED',
      served: isServed(user) && !this.state.nodeIsDisabled,
      expiresAt: Date.parse(user.expireAt),
      limitBytes: user.trafficLimitBytes || null,
      usedBytes: user.usedBytes,
      devices: user.hwidDeviceLimit || null,
      onlineAt: user.onlineAt === null ? null : Date.parse(user.onlineAt),
      uuid: user.vlessUuid,
      password: user.trojanPassword,
      links: linksOf(user),
    }));
  }

  add(name: string, edit: PanelUserEdit): void {
    const squads = [this.state.squads[0]!.uuid];
    const user = this.state.create({ username: name, expireAt: FAR, activeInternalSquads: squads });
    this.change(user, edit);
  }

  edit(name: string, edit: PanelUserEdit): void {
    this.change(this.state.byName(name), edit);
  }

  private change(user: User, { enabled, expiresAt, limitBytes, devices, uuid, password }: PanelUserEdit): void {
    if (expiresAt !== undefined) user.expireAt = expiresAt === null ? FAR : new Date(expiresAt).toISOString();
    if (limitBytes !== undefined) user.trafficLimitBytes = limitBytes ?? 0;
    if (devices !== undefined) user.hwidDeviceLimit = devices ?? 0;
    if (uuid !== undefined) user.vlessUuid = uuid;
    if (password !== undefined) Object.assign(user, { trojanPassword: password, ssPassword: password });
    if (enabled !== undefined) user.status = enabled ? 'ACTIVE' : 'DISABLED';
  }

  remove(name: string): void {
    this.state.remove(this.state.byName(name));
  }

  use(name: string, bytes: number): void {
    this.state.use(this.state.byName(name), bytes);
  }

  save(): object {
    return this.state.save();
  }

  restore(saved: unknown): void {
    this.state.restore(RemnawaveData.parse(saved));
  }

  signOut(): void {
    this.adminTokens.clear();
  }

  /** Everything below the server's address. `endpoint` notes a call and lets it suffer what was ordered. */
  router(endpoint: Endpoint): Router {
    const { state } = this;
    const router = Router({ mergeParams: true });
    router.use(json({ limit: '10mb' }));
    const guarded = (target: PanelTarget, answer: Answer): RequestHandler =>
      endpoint(target, (req, res) => {
        // Talked to directly it hangs up, and says nothing.
        if (!req.get('x-forwarded-for') || req.get('x-forwarded-proto') !== 'https') return void req.socket.destroy();
        try {
          return answer(req, res);
        } catch (error) {
          return refuse(req, res, error);
        }
      });
    const call = (target: PanelTarget, answer: Answer): RequestHandler =>
      guarded(target, (req, res) => {
        const why = this.refusalOf(req);
        if (why === 401) throw new RemnawaveError('A003');
        if (why === 403) return res.status(403).json(problem(req, 'Forbidden', 'E000'));
        return answer(req, res);
      });
    const say = (res: Response, response: unknown, status = 200) => void res.status(status).json({ response });
    const view = (user: User) => this.viewOf(user);
    /** By number from 3.0, before by UUID. */
    const named = (req: Request): User => {
      const id = String(req.params['user']);
      if (this.isV3 ? !/^\d+$/.test(id) : !z.uuid().safeParse(id).success)
        throw new ZodError([{ code: 'custom', path: [this.isV3 ? 'userId' : 'uuid'], message: 'Invalid', input: id }]);
      return state.find((user) => (this.isV3 ? user.id === Number(id) : user.uuid === id));
    };

    router.post(
      '/api/auth/login',
      guarded('login', (req, res) => {
        const { username, password } = z.object({ username: z.string(), password: z.string() }).parse(req.body);
        if (username !== this.admin.username || password !== this.admin.password) throw new RemnawaveError('A003');
        const accessToken = randomBytes(32).toString('base64url');
        this.adminTokens.add(accessToken);
        say(res, { accessToken });
      }),
    );
    router.post(
      '/api/tokens',
      call('login', (req, res) => {
        const asked = z.object({ name: z.string().min(2).max(30), expiresInDays: z.number().min(1) });
        const { name, expiresInDays, scopes } = asked
          .extend({ scopes: z.array(z.string()).default(['*']) })
          .parse(req.body);
        if (!this.adminTokens.has(bearerOf(req))) return res.status(403).json(problem(req, 'Forbidden', 'E000'));
        return say(res, state.addToken(name, expiresInDays, scopes), 201);
      }),
    );

    router.post(
      '/api/users',
      call('create', (req, res) => say(res, view(state.create(NewUser.parse(req.body))), 201)),
    );
    router.patch(
      '/api/users',
      call('change', (req, res) => {
        const { id, uuid, ...change } = UserChange.parse(req.body);
        say(res, view(state.update({ ...change, ...(this.isV3 ? { id } : { uuid }) })));
      }),
    );
    router.get(
      '/api/users',
      call('list', (req, res) => {
        const { start, size } = Paging.parse(req.query);
        const all = state.all();
        say(res, { users: all.slice(start, start + size).map(view), total: all.length });
      }),
    );
    router.get(
      '/api/users/stream',
      call('list', (req, res) => {
        const { cursor = 0, size, status, telegramId, email, tag } = Streaming.parse(req.query);
        const wanted = Object.entries({ status, telegramId, email, tag }).filter(([, value]) => value !== undefined);
        const found = state
          .all()
          .filter((user) => user.id > cursor && wanted.every(([field, value]) => user[field as 'tag'] === value));
        const page = found.slice(0, size);
        const hasMore = found.length > size;
        say(res, { users: page.map(view), nextCursor: hasMore ? String(page.at(-1)!.id) : null, hasMore });
      }),
    );
    const by = (path: string, isMeant: (user: User, value: string) => boolean) =>
      router.get(
        `/api/users/by-${path}/:value`,
        call('read', (req, res) => say(res, view(state.find((user) => isMeant(user, String(req.params['value'])))))),
      );
    by('username', ({ username }, value) => username === value);
    by('short-uuid', ({ shortUuid }, value) => shortUuid === value);
    if (this.isV3)
      router.post(
        '/api/users/resolve',
        call('read', (req, res) => {
          const { id, shortUuid, username } = (req.body ?? {}) as Partial<User>;
          const found = state.find((user) =>
            id !== undefined
              ? user.id === id
              : shortUuid !== undefined
                ? user.shortUuid === shortUuid
                : user.username === username,
          );
          say(res, { id: found.id, username: found.username, shortUuid: found.shortUuid });
        }),
      );
    else by('id', ({ id }, value) => String(id) === value);
    router.get(
      '/api/users/:user',
      call('read', (req, res) => say(res, view(named(req)))),
    );
    router.delete(
      '/api/users/:user',
      call('remove', (req, res) => {
        state.remove(named(req));
        if (this.isV3) res.status(204).end();
        else say(res, { isDeleted: true });
      }),
    );
    const action = (name: string, target: PanelTarget, act: (user: User, body: Request['body']) => User) =>
      router.post(
        `/api/users/:user/actions/${name}`,
        call(target, (req, res) => say(res, view(act(named(req), req.body ?? {})))),
      );
    action('enable', 'change', (user) => state.setEnabled(user, true));
    action('disable', 'change', (user) => state.setEnabled(user, false));
    action('reset-traffic', 'reset', (user) => state.resetTraffic(user));
    action('revoke', 'change', (user, body) => {
      const asked = z.object({ revokeOnlyPasswords: z.boolean().default(false), shortUuid: z.string().optional() });
      const { revokeOnlyPasswords, shortUuid } = asked.parse(body);
      return state.revoke(user, shortUuid, revokeOnlyPasswords);
    });
    // Adds to what there is: asked twice, it adds twice.
    if (this.isV3)
      action('extend', 'change', (user, body) => {
        const { days } = z.object({ days: z.int().min(1) }).parse(body);
        user.expireAt = new Date(Date.parse(user.expireAt) + days * 86_400_000).toISOString();
        return user;
      });

    const squadView = ({ uuid, name, createdAt }: Squad, i: number) => {
      const membersCount = state.all().filter(({ squads }) => squads.includes(uuid)).length;
      return {
        uuid,
        viewPosition: i + 1,
        name,
        info: { membersCount, inboundsCount: 1 },
        inbounds: [],
        createdAt,
        updatedAt: createdAt,
      };
    };
    const squads = () => state.squads.map(squadView);
    router.get(
      '/api/internal-squads',
      call('list', (_req, res) => say(res, { total: state.squads.length, internalSquads: squads() })),
    );
    router.post(
      '/api/internal-squads',
      call('login', (req, res) => {
        state.addSquad(z.object({ name: z.string().min(2).max(30) }).parse(req.body).name);
        say(res, squads().at(-1), 201);
      }),
    );
    router.get(
      '/api/internal-squads/:uuid',
      call('read', (req, res) => {
        const found = squads().find(({ uuid }) => uuid === req.params['uuid']);
        if (!found) throw new RemnawaveError('A118');
        say(res, found);
      }),
    );

    router.get(
      '/api/nodes',
      call('health', (_req, res) => say(res, [this.nodeView()])),
    );
    for (const isDisabled of [true, false])
      router.post(
        `/api/nodes/:uuid/actions/${isDisabled ? 'disable' : 'enable'}`,
        call('login', (req, res) => {
          if (req.params['uuid'] !== NODE_UUID) throw new RemnawaveError('A011');
          state.nodeIsDisabled = isDisabled;
          say(res, this.nodeView());
        }),
      );

    router.get(
      '/api/hwid/devices/:user',
      call('read', (req, res) => say(res, this.devicesOf(named(req)))),
    );
    const ofUser = (body: unknown) => {
      const { userId, userUuid } = (body ?? {}) as { userId?: number; userUuid?: string };
      return state.find((user) => (this.isV3 ? user.id === userId : user.uuid === userUuid));
    };
    const device = (path: string, target: PanelTarget, act: (user: User, body: unknown) => void) =>
      router.post(
        `/api/hwid/devices${path}`,
        call(target, (req, res) => {
          const user = ofUser(req.body);
          act(user, req.body);
          say(res, this.devicesOf(user));
        }),
      );
    device('', 'change', (user, body) => state.addDevice(user, NewDevice.parse(body)));
    device('/delete', 'change', (user, body) => {
      const { hwid } = z.object({ hwid: z.string() }).parse(body);
      state.devices = state.devices.filter((one) => one.userId !== user.id || one.hwid !== hwid);
    });
    device('/delete-all', 'change', ({ id }) => {
      state.devices = state.devices.filter(({ userId }) => userId !== id);
    });

    router.get(
      '/api/system/health',
      call('health', (_req, res) => say(res, { runtimeMetrics: [] })),
    );
    router.get(
      '/api/system/metadata',
      call('health', (_req, res) => say(res, { version: this.version, build: { time: '', number: '1' } })),
    );
    router.get(
      '/api/system/stats',
      call('health', (_req, res) => say(res, this.stats())),
    );

    router.get(
      '/api/subscriptions/by-username/:name',
      call('read', (req, res) =>
        say(
          res,
          this.info(({ username }) => username === req.params['name']),
        ),
      ),
    );
    router.get(
      '/api/sub/:shortUuid/info',
      guarded('read', (req, res) =>
        say(
          res,
          this.info(({ shortUuid }) => shortUuid === req.params['shortUuid']),
        ),
      ),
    );
    router.get(
      '/api/sub/:shortUuid',
      guarded('read', (req, res) => this.subscription(req, res)),
    );
    router.use(
      endpoint('read', (req, res) => res.status(404).json(problem(req, `Cannot ${req.method} ${req.path}`, 'E404'))),
    );
    return router;
  }

  private refusalOf(req: Request): 401 | 403 | undefined {
    const bearer = bearerOf(req);
    if (this.adminTokens.has(bearer)) return undefined;
    const known = this.state.tokens.find(({ token }) => token === bearer);
    if (!known || (this.isV3 && Date.parse(known.expiresAt) <= Date.now())) return 401;
    const [, resource] = /\/api\/([a-z-]+)/.exec(req.originalUrl) ?? [];
    const kind = req.method === 'GET' ? 'read' : 'write';
    const isAllowed = ['*', `${resource}:*`, `${resource}:${kind}`].some((scope) => known.scopes.includes(scope));
    return this.isV3 && !isAllowed ? 403 : undefined;
  }

  private viewOf({ squads, usedBytes, lifetimeBytes, onlineAt, firstConnectedAt, uuid, ...user }: User) {
    const names = new Map(this.state.squads.map((squad) => [squad.uuid, squad.name]));
    return {
      ...(!this.isV3 && { uuid }),
      ...user,
      subscriptionUrl: `https://sub.example.com/${user.shortUuid}`,
      activeInternalSquads: squads.map((one) => ({ uuid: one, name: names.get(one)! })),
      userTraffic: {
        ...{ usedTrafficBytes: usedBytes, lifetimeUsedTrafficBytes: lifetimeBytes, onlineAt, firstConnectedAt },
        lastConnectedNodeUuid: onlineAt === null ? null : NODE_UUID,
      },
    };
  }

  private devicesOf(user: User) {
    const devices = this.state.devicesOf(user);
    return { total: devices.length, devices };
  }

  private nodeView() {
    const { nodeIsDisabled: isDisabled } = this.state;
    return {
      ...{ uuid: NODE_UUID, name: this.seed.name, address: 'vpn.example.com', port: 2222, isConnected: !isDisabled },
      ...{ isDisabled, isConnecting: false, lastStatusChange: null, lastStatusMessage: null, countryCode: 'NL' },
      ...{ usersOnline: this.online(60_000), xrayUptime: isDisabled ? 0 : 864_000, tags: [], consumptionMultiplier: 1 },
      system: {
        info: { cpus: 2, memoryTotal: 2_000_000_000 },
        stats: { memoryFree: 1_400_000_000, memoryUsed: 600_000_000, uptime: 864_000, loadAvg: [0.2, 0.2, 0.2] },
      },
      versions: { xray: '25.9.11', node: '2.1.0' },
    };
  }

  private online(ms: number): number {
    return this.state.all().filter(({ onlineAt }) => onlineAt !== null && Date.now() - Date.parse(onlineAt) < ms)
      .length;
  }

  private stats(): object {
    const all = this.state.all();
    const count = (status: User['status']) => all.filter((user) => user.status === status).length;
    return {
      ...{ cpu: { cores: 2 }, memory: { total: 4e9, free: 3e9, used: 1e9 }, uptime: 864_000, timestamp: Date.now() },
      users: {
        statusCounts: Object.fromEntries(Status.options.map((status) => [status, count(status)])),
        totalUsers: all.length,
      },
      onlineStats: {
        ...{ onlineNow: this.online(60_000), lastDay: this.online(86_400_000), lastWeek: this.online(604_800_000) },
        neverOnline: all.filter(({ onlineAt }) => onlineAt === null).length,
      },
      nodes: {
        totalOnline: this.state.nodeIsDisabled ? 0 : 1,
        totalBytesLifetime: String(all.reduce((sum, { lifetimeBytes }) => sum + lifetimeBytes, 0)),
      },
    };
  }

  private info(isMeant: (user: User) => boolean): object {
    const user = this.state.find(isMeant);
    const { shortUuid } = user;
    const daysLeft = Math.max(0, Math.floor((Date.parse(user.expireAt) - Date.now()) / 86_400_000));
    return {
      isFound: true,
      user: {
        ...{ shortUuid, username: user.username, daysLeft, trafficUsedBytes: String(user.usedBytes) },
        trafficLimitBytes: String(user.trafficLimitBytes),
        lifetimeTrafficUsedBytes: String(user.lifetimeBytes),
        ...{ expiresAt: user.expireAt, isActive: user.status === 'ACTIVE', userStatus: user.status },
      },
      ...{ links: isServed(user) ? linksOf(user) : [], ssConfLinks: {} },
      subscriptionUrl: `https://sub.example.com/${shortUuid}`,
    };
  }

  /** What apps of people ask. A device that is one too many is shown why. */
  private subscription(req: Request, res: Response): void {
    const user = this.state.find(({ shortUuid }) => shortUuid === req.params['shortUuid']);
    const hwid = NewDevice.shape.hwid.safeParse(req.get('x-hwid')).data;
    let links = isServed(user) ? linksOf(user) : [`${DUMMY}#${user.status}`];
    res.set({
      'subscription-userinfo': `upload=0; download=${user.usedBytes}; total=${user.trafficLimitBytes}; expire=${Math.floor(Date.parse(user.expireAt) / 1000)}`,
      'profile-update-interval': '12',
    });
    const isKnown = this.state.devicesOf(user).some((one) => one.hwid === hwid);
    if (hwid !== undefined && !isKnown) {
      const limit = user.hwidDeviceLimit;
      if (limit && this.state.devicesOf(user).length >= limit) {
        res.set({ 'x-hwid-active': 'true', 'x-hwid-max-devices-reached': 'true' });
        links = [`${DUMMY}#Limit%20of%20devices%20reached`];
      } else {
        this.state.addDevice(user, NewDevice.parse({ hwid, userAgent: req.get('user-agent') ?? null }));
      }
    }
    res.type('text').send(Buffer.from(links.join('\n')).toString('base64'));
  }
}

/** There is no "never". */
const FAR = '2099-12-31T00:00:00.000Z';

const bearerOf = (req: Request) => /^Bearer (.+)$/.exec(req.get('authorization') ?? '')?.[1] ?? '';

const problem = (req: Request, message: string, errorCode: string) => ({
  ...{ timestamp: new Date().toISOString(), path: req.originalUrl, message, errorCode },
});

function refuse(req: Request, res: Response, error: unknown): void {
  if (error instanceof RemnawaveError) {
    res.status(error.status).json(problem(req, error.message, error.code));
  } else if (error instanceof ZodError) {
    res.status(400).json({ statusCode: 400, message: 'Validation failed', errors: error.issues });
  } else throw error;
}

const linksOf = ({ vlessUuid, trojanPassword, username }: User): string[] => [
  `vless://${vlessUuid}@vpn.example.com:443?encryption=none&type=tcp&security=reality&pbk=Z84J2IelR9ch3k8VtlVhhs5ycBUlXA7wHBWcBrjqnAw&fp=chrome&sni=www.example.com&sid=6ba85179e30d4fc2&flow=xtls-rprx-vision#${username}`,
  `trojan://${encodeURIComponent(trojanPassword)}@vpn.example.com:8443?type=ws&path=%2Fcdn&security=tls&sni=vpn.example.com&fp=firefox#${username}`,
];
