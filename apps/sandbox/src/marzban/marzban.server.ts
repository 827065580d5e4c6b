import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import { inboundsOf, linkOf, newPassword, Protocol, Settings, settingsOf } from './marzban.inbounds';
import type { PanelSeed, PanelServer, PanelUserEdit, PanelUserView } from '../kit/panel-servers';

/** What Marzban 0.8.4 keeps, and what it makes of changes. Source: app/db/crud.py, app/models, app/jobs/review_users.py. */

export const VERSION = '0.8.4';

export const Status = z.enum(['active', 'disabled', 'limited', 'expired', 'on_hold']);
const NextPlan = z.object({
  data_limit: z.int().nullable().default(null),
  expire: z.int().nullable().default(null),
  add_remaining_traffic: z.boolean().default(false),
  fire_on_either: z.boolean().default(true),
});

/** What may be told of a user; null: nothing is said. */
export const UserFields = z.object({
  proxies: z.partialRecord(Protocol, Settings).nullish(),
  inbounds: z.partialRecord(Protocol, z.array(z.string())).nullish(),
  status: Status.nullish(),
  expire: z.int().nullish(),
  data_limit: z.int().min(0).nullish(),
  data_limit_reset_strategy: z.enum(['no_reset', 'day', 'week', 'month', 'year']).nullish(),
  note: z.string().max(500).nullish(),
  on_hold_expire_duration: z.int().nullish(),
  on_hold_timeout: z.string().nullish(),
  auto_delete_in_days: z.int().nullish(),
  next_plan: NextPlan.nullish(),
});
export type UserFields = z.infer<typeof UserFields>;

const User = z.object({
  username: z.string(),
  status: Status,
  expire: z.int().nullable(),
  data_limit: z.int().nullable(),
  data_limit_reset_strategy: z.string(),
  used_traffic: z.int(),
  lifetime_used_traffic: z.int(),
  proxies: z.partialRecord(Protocol, Settings),
  inbounds: z.partialRecord(Protocol, z.array(z.string())),
  note: z.string().nullable(),
  on_hold_expire_duration: z.int().nullable(),
  on_hold_timeout: z.string().nullable(),
  auto_delete_in_days: z.int().nullable(),
  next_plan: NextPlan.nullable(),
  created_at: z.string(),
  online_at: z.string().nullable(),
  sub_updated_at: z.string().nullable(),
  sub_last_user_agent: z.string().nullable(),
  /** Seconds, with fractions. */
  sub_revoked_at: z.number().nullable(),
  admin: z.string(),
});
export type User = z.infer<typeof User>;

const Admin = z.object({ username: z.string(), password: z.string(), is_sudo: z.boolean() });
export type Admin = z.infer<typeof Admin>;

const Node = z.strictObject({
  status: z.enum(['connected', 'connecting', 'error', 'disabled']),
  message: z.string().nullable().default(null),
});
/** Whether Xray runs on the server itself, and how the other node is that is joined to it. */
export const Core = z.strictObject({ started: z.boolean(), node: Node }).partial();

const State = z.object({
  users: z.array(User),
  admins: z.array(Admin),
  secret: z.string(),
  coreStarted: z.boolean(),
  node: Node,
});
type State = z.infer<typeof State>;

/** The one that its environment names (SUDO_USERNAME), which no request can change. */
export const SUDO: Admin = { username: 'admin', password: 'sandbox-marzban', is_sudo: true };

const TOKEN_MINUTES = 1440;
const secondsNow = () => Math.floor(Date.now() / 1000);
/** Of Python: UTC, and does not say so. */
export const isoNow = () => new Date().toISOString().slice(0, 19);
const millis = (iso: string) => Date.parse(`${iso}Z`);
const base64url = (value: string | Buffer) => Buffer.from(value).toString('base64url');

export class MarzbanServer implements PanelServer {
  private readonly kept = new Map<string, User>();
  private state: Omit<State, 'users'> = {
    admins: [],
    secret: randomBytes(32).toString('hex'),
    coreStarted: true,
    node: { status: 'connected', message: null },
  };

  constructor(
    private readonly seed: PanelSeed,
    private readonly address: string,
  ) {}

  get core() {
    return { version: '25.1.1', started: this.state.coreStarted };
  }

  get node() {
    return this.state.node;
  }

  get admins(): readonly Admin[] {
    return [SUDO, ...this.state.admins];
  }

  addAdmin(admin: Admin): void {
    this.state.admins.push(admin);
  }

  setCore({ started, node }: z.infer<typeof Core>): void {
    if (started !== undefined) this.state.coreStarted = started;
    if (node) this.state.node = node;
  }

  all(): User[] {
    for (const user of this.kept.values()) review(user);
    return [...this.kept.values()];
  }

  find(username: string): User | undefined {
    const user = this.kept.get(username.toLowerCase());
    if (user) review(user);
    return user;
  }

  create(username: string, admin: string, fields: UserFields): User {
    const { proxies, inbounds, status, expire, data_limit, ...others } = fields;
    const user: User = {
      username,
      status: status ?? 'active',
      expire: expire || null,
      data_limit: data_limit || null,
      data_limit_reset_strategy: others.data_limit_reset_strategy ?? 'no_reset',
      used_traffic: 0,
      lifetime_used_traffic: 0,
      proxies: {},
      inbounds: {},
      note: others.note ?? null,
      on_hold_expire_duration: others.on_hold_expire_duration || null,
      on_hold_timeout: others.on_hold_timeout ?? null,
      auto_delete_in_days: others.auto_delete_in_days ?? null,
      next_plan: others.next_plan ?? null,
      created_at: isoNow(),
      online_at: null,
      sub_updated_at: null,
      sub_last_user_agent: null,
      sub_revoked_at: null,
      admin,
    };
    setProxies(user, proxies ?? {});
    setInbounds(user, inbounds ?? {});
    // Names are unique without regard to case: the column is.
    this.kept.set(username.toLowerCase(), user);
    return user;
  }

  /** What a change makes of the status depends on the order of these steps. */
  modify(user: User, fields: UserFields): void {
    const { proxies, inbounds, status, expire, data_limit } = fields;
    if (proxies && Object.keys(proxies).length > 0) setProxies(user, proxies);
    if (inbounds && Object.keys(inbounds).length > 0) setInbounds(user, inbounds);
    if (status) user.status = status;
    if (data_limit !== null && data_limit !== undefined) {
      user.data_limit = data_limit || null;
      if (user.status !== 'expired' && user.status !== 'disabled') {
        if (user.data_limit !== null && user.used_traffic >= user.data_limit) user.status = 'limited';
        else if (user.status !== 'on_hold') user.status = 'active';
      }
    }
    if (expire !== null && expire !== undefined) {
      user.expire = expire || null;
      if (user.status === 'active' || user.status === 'expired')
        user.status = user.expire === null || user.expire > Date.now() / 1000 ? 'active' : 'expired';
    }
    user.note = fields.note ?? user.note;
    user.data_limit_reset_strategy = fields.data_limit_reset_strategy ?? user.data_limit_reset_strategy;
    user.on_hold_timeout = fields.on_hold_timeout ?? user.on_hold_timeout;
    user.on_hold_expire_duration = fields.on_hold_expire_duration ?? user.on_hold_expire_duration;
    user.next_plan = fields.next_plan ?? null;
  }

  /** It asks whether the status is "expired or disabled", and by mistake whether it is a part of the word "expired". */
  reset(user: User): void {
    user.used_traffic = 0;
    user.next_plan = null;
    if (user.status !== 'expired') user.status = 'active';
  }

  revoke(user: User): void {
    user.sub_revoked_at = Date.now() / 1000;
    const renewed = Object.entries(user.proxies).map(([protocol, settings]) => {
      const { id, password, ...others } = settings;
      return [protocol, { ...others, ...(id && { id: randomUUID() }), ...(password && { password: newPassword() }) }];
    });
    setProxies(user, Object.fromEntries(renewed) as User['proxies']);
  }

  linksOf(user: User): string[] {
    return Object.entries(user.proxies).flatMap(([protocol, settings]) =>
      inboundsOf(protocol as Protocol)
        .filter(({ tag }) => user.inbounds[protocol as Protocol]?.includes(tag))
        .map((inbound) => linkOf(user.username, `${this.seed.name}.vpn.example`, inbound, settings)),
    );
  }

  /** A new one at each read; those before stay good. */
  subscriptionPath(username: string): string {
    const data = base64url(`${username},${Math.ceil(Date.now() / 1000)}`);
    return `/sub/${data}${this.signatureOf(data)}`;
  }

  userOfSubscription(token: string): User | undefined {
    const [data, signature] = [token.slice(0, -10), token.slice(-10)];
    if (this.signatureOf(data) !== signature) return undefined;
    const [username = '', at = '0'] = Buffer.from(data, 'base64url').toString().split(',');
    const user = this.find(username);
    const since = Math.max(millis(user?.created_at ?? '') / 1000, user?.sub_revoked_at ?? 0);
    return user && since <= Number(at) ? user : undefined;
  }

  private signatureOf(data: string): string {
    return base64url(
      createHash('sha256')
        .update(data + this.state.secret)
        .digest(),
    ).slice(0, 10);
  }

  /** A JWT with HS256. */
  tokenFor({ username, is_sudo }: Admin): string {
    const iat = secondsNow();
    const claims = { sub: username, access: is_sudo ? 'sudo' : 'admin', iat, exp: iat + TOKEN_MINUTES * 60 };
    const data = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`;
    return `${data}.${this.macOf(data)}`;
  }

  adminOf(token: string): Admin | undefined {
    const [head = '', claims = '', mac = ''] = token.split('.');
    const expected = Buffer.from(this.macOf(`${head}.${claims}`));
    if (mac.length !== expected.length || !timingSafeEqual(Buffer.from(mac), expected)) return undefined;
    const { sub, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string; exp: number };
    return exp > secondsNow() ? this.admins.find(({ username }) => username === sub) : undefined;
  }

  private macOf(data: string): string {
    return createHmac('sha256', this.state.secret).update(data).digest('base64url');
  }

  // By hand

  account(base: string) {
    return { url: `${base}${this.address}/${this.seed.name}`, username: SUDO.username, password: SUDO.password };
  }

  users(): PanelUserView[] {
    return this.all().map((user) => ({
      name: user.username,
      enabled: user.status !== 'disabled',
      served: isServed(user),
      expiresAt: user.expire && user.expire * 1000,
      limitBytes: user.data_limit,
      usedBytes: user.used_traffic,
      devices: null,
      onlineAt: user.online_at === null ? null : millis(user.online_at),
      ...(user.proxies.vless && { uuid: user.proxies.vless['id']! }),
      ...passwordOf(user),
      links: this.linksOf(user),
    }));
  }

  add(name: string, edit: PanelUserEdit): void {
    this.create(name, SUDO.username, { proxies: { vless: {} } });
    this.edit(name, edit);
  }

  edit(name: string, { enabled, expiresAt, limitBytes, uuid, password }: PanelUserEdit): void {
    const user = this.find(name);
    if (!user) throw new HttpError(404, `there is no user "${name}"`);
    const proxies = Object.entries(user.proxies).map(([protocol, settings]) => {
      const id = settings['id'] && uuid ? { id: uuid } : {};
      return [protocol, { ...settings, ...id, ...(settings['password'] && password && { password }) }];
    });
    this.modify(user, {
      proxies: Object.fromEntries(proxies) as User['proxies'],
      ...(enabled !== undefined && { status: enabled ? 'active' : 'disabled' }),
      ...(expiresAt !== undefined && { expire: Math.ceil((expiresAt ?? 0) / 1000) }),
      ...(limitBytes !== undefined && { data_limit: limitBytes ?? 0 }),
    });
    review(user);
  }

  remove(name: string): void {
    this.kept.delete(name.toLowerCase());
  }

  use(name: string, bytes: number): void {
    const user = this.find(name)!;
    user.used_traffic += bytes;
    user.lifetime_used_traffic += bytes;
    user.online_at = isoNow();
    if (user.status !== 'on_hold') return;
    user.status = 'active';
    user.expire = secondsNow() + (user.on_hold_expire_duration ?? 0);
  }

  signOut(): void {
    this.state.secret = randomBytes(32).toString('hex');
  }

  save(): State {
    return { ...this.state, users: [...this.kept.values()] };
  }

  restore(saved: unknown): void {
    const { users, ...state } = State.parse(saved);
    this.state = state;
    this.kept.clear();
    for (const user of users) this.kept.set(user.username.toLowerCase(), user);
  }
}

export const isServed = ({ status }: User) => status === 'active' || status === 'on_hold';

/** What its job does every ten seconds, done here at each look. */
function review(user: User): void {
  if (user.status === 'on_hold' && user.on_hold_timeout && millis(user.on_hold_timeout) <= Date.now()) {
    user.status = 'active';
    user.expire = secondsNow() + (user.on_hold_expire_duration ?? 0);
  }
  if (user.status !== 'active') return;
  if (user.data_limit !== null && user.used_traffic >= user.data_limit) user.status = 'limited';
  else if (user.expire !== null && user.expire <= Date.now() / 1000) user.status = 'expired';
}

/** Replaces the set of protocols; what is not told is made. */
function setProxies(user: User, proxies: User['proxies']): void {
  const filled = Object.entries(proxies).map(([protocol, settings]) => [protocol, settingsOf(protocol, settings)]);
  user.proxies = Object.fromEntries(filled) as User['proxies'];
  for (const protocol of Object.keys(user.proxies) as Protocol[])
    user.inbounds[protocol] ??= inboundsOf(protocol).map(({ tag }) => tag);
  for (const protocol of Object.keys(user.inbounds) as Protocol[])
    if (!user.proxies[protocol]) delete user.inbounds[protocol];
}

function setInbounds(user: User, inbounds: User['inbounds']): void {
  for (const [protocol, tags] of Object.entries(inbounds))
    if (user.proxies[protocol as Protocol]) user.inbounds[protocol as Protocol] = tags;
}

function passwordOf({ proxies: { trojan, shadowsocks } }: User): { password?: string } {
  const password = (trojan ?? shadowsocks)?.['password'];
  return password === undefined ? {} : { password };
}
