import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';

export const Status = z.enum(['ACTIVE', 'DISABLED', 'LIMITED', 'EXPIRED']);
const Strategy = z.enum(['NO_RESET', 'DAY', 'WEEK', 'MONTH', 'MONTH_ROLLING']);

const username = z
  .string()
  .regex(/^[a-zA-Z0-9_-]+$/, 'Username can only contain letters, numbers, underscores and dashes')
  .max(36, 'Username must be less than 36 characters')
  .min(3, 'Username must be at least 3 characters');
const secret = z.string().min(8).max(32);
const when = z.iso.datetime({ offset: true, local: true }).transform((text) => new Date(text).toISOString());
const fields = {
  trafficLimitBytes: z.number().min(0),
  trafficLimitStrategy: Strategy,
  description: z.string().nullable(),
  tag: z
    .string()
    .regex(/^[A-Z0-9_]+$/)
    .max(16)
    .nullable(),
  telegramId: z.int().nullable(),
  email: z.email().nullable(),
  hwidDeviceLimit: z.int().min(0).nullable(),
  externalSquadUuid: z.uuid().nullable(),
};

export const NewUser = z
  .object({
    ...fields,
    status: Status,
    shortUuid: z.string(),
    trojanPassword: secret,
    vlessUuid: z.guid('Invalid Vless UUID format'),
    ssPassword: secret,
    createdAt: when,
    lastTrafficResetAt: when,
    activeInternalSquads: z.array(z.uuid()),
  })
  .partial()
  .extend({ username, expireAt: when });
export type NewUser = z.output<typeof NewUser>;

/** Secrets cannot be changed. By `id` from 3.0, before by `uuid`; by `username` always. */
export const UserChange = z
  .object({
    ...fields,
    username: z.string(),
    id: z.int(),
    uuid: z.uuid(),
    status: z.enum(['ACTIVE', 'DISABLED']),
    expireAt: when.refine((at) => Date.parse(at) > Date.now(), 'Expiration date cannot be in the past'),
    activeInternalSquads: z.array(z.uuid()),
  })
  .partial()
  .refine(({ username, id, uuid }) => username ?? id ?? uuid, 'At least one of username, id must be provided');
export type UserChange = z.output<typeof UserChange>;

const User = z.object({
  ...fields,
  id: z.int(),
  uuid: z.string(),
  shortUuid: z.string(),
  username: z.string(),
  status: Status,
  expireAt: z.string(),
  trojanPassword: z.string(),
  vlessUuid: z.string(),
  ssPassword: z.string(),
  lastTriggeredThreshold: z.int(),
  subRevokedAt: z.string().nullable(),
  lastTrafficResetAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  squads: z.array(z.string()),
  usedBytes: z.int(),
  lifetimeBytes: z.int(),
  onlineAt: z.string().nullable(),
  firstConnectedAt: z.string().nullable(),
});
export type User = z.output<typeof User>;

export const NewDevice = z.object({
  hwid: z.string().regex(/^[a-zA-Z0-9=-]{10,64}$/),
  platform: z.string().nullable().default(null),
  osVersion: z.string().nullable().default(null),
  deviceModel: z.string().nullable().default(null),
  userAgent: z.string().nullable().default(null),
});
const Device = NewDevice.extend({ userId: z.int(), createdAt: z.string(), updatedAt: z.string() });
export type Device = z.output<typeof Device>;

const Squad = z.object({ uuid: z.string(), name: z.string(), createdAt: z.string() });
export type Squad = z.output<typeof Squad>;

const Token = z.object({ token: z.string(), name: z.string(), scopes: z.array(z.string()), expiresAt: z.string() });
export type Token = z.output<typeof Token>;

export const RemnawaveData = z.object({
  users: z.array(User),
  devices: z.array(Device),
  squads: z.array(Squad),
  tokens: z.array(Token),
  nodeIsDisabled: z.boolean(),
  lastId: z.int(),
});
export type RemnawaveData = z.output<typeof RemnawaveData>;

/** As its contract numbers them. */
const ERRORS = {
  A003: [401, 'Unauthorized'],
  A011: [404, 'Node not found'],
  A019: [400, 'User username already exists'],
  A020: [400, 'User short UUID already exists'],
  A025: [404, 'User not found'],
  A029: [400, 'User already disabled'],
  A030: [400, 'User already enabled'],
  A098: [400, 'User hwid device already exists'],
  A099: [400, 'User hwid device limit reached'],
  A118: [404, 'Internal squad not found'],
  A120: [409, 'Internal squad name already exists'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export class RemnawaveError extends Error {
  readonly status: number;
  constructor(readonly code: keyof typeof ERRORS) {
    super(ERRORS[code][1]);
    this.status = ERRORS[code][0];
  }
}

const now = () => new Date().toISOString();
const YEAR_MS = 365 * 86_400_000;

/** What a panel holds, and what it makes of changes. Source: remnawave/backend, v2.8.1 and v3.3.2, users.service.ts. */
export class RemnawaveState {
  private users = new Map<string, User>();
  devices: Device[] = [];
  squads: Squad[] = [];
  tokens: Token[] = [];
  nodeIsDisabled = false;
  private lastId = 0;

  constructor(token: string) {
    this.addSquad('Default-Squad');
    this.addToken('sandbox', 3650, ['*'], token);
  }

  save(): RemnawaveData {
    const { devices, squads, tokens, nodeIsDisabled, lastId } = this;
    return { users: [...this.users.values()], devices, squads, tokens, nodeIsDisabled, lastId };
  }

  restore({ users, ...others }: RemnawaveData): void {
    Object.assign(this, others);
    this.users = new Map(users.map((user) => [user.username, user]));
  }

  all(): User[] {
    return [...this.users.values()].map(settled);
  }

  find(isMeant: (user: User) => boolean): User {
    const found = this.all().find(isMeant);
    if (!found) throw new RemnawaveError('A025');
    return found;
  }

  byName(name: string): User {
    const found = this.users.get(name);
    if (!found) throw new RemnawaveError('A025');
    return settled(found);
  }

  create(asked: NewUser): User {
    if (this.users.has(asked.username)) throw new RemnawaveError('A019');
    const shortUuid = asked.shortUuid ?? randomBytes(12).toString('base64url');
    if (this.all().some((user) => user.shortUuid === shortUuid)) throw new RemnawaveError('A020');
    const { activeInternalSquads: squads = [], ...given } = asked;
    const known = squads.filter((uuid) => this.squads.some((squad) => squad.uuid === uuid));
    const user: User = {
      ...{ id: ++this.lastId, uuid: randomUUID(), status: 'ACTIVE', trafficLimitBytes: 0 },
      ...{ trafficLimitStrategy: 'NO_RESET', description: null, tag: null, telegramId: null, email: null },
      ...{ hwidDeviceLimit: null, externalSquadUuid: null, trojanPassword: newSecret(), vlessUuid: randomUUID() },
      ...{ ssPassword: newSecret(), lastTriggeredThreshold: 0, subRevokedAt: null, lastTrafficResetAt: null },
      ...{ createdAt: now(), usedBytes: 0, lifetimeBytes: 0, onlineAt: null, firstConnectedAt: null },
      ...given,
      ...{ shortUuid, squads: known, updatedAt: now() },
    };
    this.users.set(user.username, user);
    return settled(user);
  }

  update({ username, id, uuid, status, activeInternalSquads, ...changes }: UserChange): User {
    const user = this.find((one) =>
      uuid !== undefined ? one.uuid === uuid : id !== undefined ? one.id === id : one.username === username,
    );
    const before = { ...user };
    Object.assign(user, changes);
    if (before.status !== 'ACTIVE' && status === 'ACTIVE') user.status = 'ACTIVE';
    // Whoever is used up or over is not disabled by this: there is a call of its own for it.
    if (before.status === 'ACTIVE' && status === 'DISABLED') user.status = 'DISABLED';
    const limit = changes.trafficLimitBytes;
    if (before.status === 'LIMITED' && limit !== undefined && (limit === 0 || limit > before.trafficLimitBytes))
      user.status = 'ACTIVE';
    const isLonger = changes.expireAt !== undefined && changes.expireAt !== before.expireAt;
    if (before.status === 'EXPIRED' && isLonger && status === undefined) user.status = 'ACTIVE';
    if (activeInternalSquads)
      user.squads = activeInternalSquads.filter((one) => this.squads.some((squad) => squad.uuid === one));
    user.updatedAt = now();
    return settled(user);
  }

  setEnabled(user: User, isEnabled: boolean): User {
    if (isEnabled && user.status === 'ACTIVE') throw new RemnawaveError('A030');
    if (!isEnabled && user.status === 'DISABLED') throw new RemnawaveError('A029');
    user.status = isEnabled ? 'ACTIVE' : 'DISABLED';
    return settled(user);
  }

  resetTraffic(user: User): User {
    Object.assign(user, { usedBytes: 0, lastTrafficResetAt: now() });
    if (user.status === 'LIMITED') user.status = 'ACTIVE';
    return user;
  }

  revoke(user: User, shortUuid: string | undefined, passwordsOnly: boolean): User {
    const secrets = { vlessUuid: randomUUID(), trojanPassword: newSecret(), ssPassword: newSecret() };
    Object.assign(user, secrets, { subRevokedAt: now() });
    if (!passwordsOnly) user.shortUuid = shortUuid ?? randomBytes(12).toString('base64url');
    return user;
  }

  remove({ username, id }: User): void {
    this.users.delete(username);
    this.devices = this.devices.filter(({ userId }) => userId !== id);
  }

  /** What a user transfers; nothing by one who is in no squad, or not active. */
  use(user: User, bytes: number): void {
    if (!isServed(user) || this.nodeIsDisabled) return;
    const at = now();
    user.usedBytes += bytes;
    user.lifetimeBytes += bytes;
    Object.assign(user, { onlineAt: at, firstConnectedAt: user.firstConnectedAt ?? at });
  }

  devicesOf({ id }: User): Device[] {
    return this.devices.filter(({ userId }) => userId === id);
  }

  addDevice(user: User, device: z.output<typeof NewDevice>): void {
    if (this.devicesOf(user).some(({ hwid }) => hwid === device.hwid)) throw new RemnawaveError('A098');
    const limit = user.hwidDeviceLimit;
    if (limit && this.devicesOf(user).length >= limit) throw new RemnawaveError('A099');
    this.devices.push({ ...device, userId: user.id, createdAt: now(), updatedAt: now() });
  }

  addSquad(name: string): Squad {
    if (this.squads.some((squad) => squad.name === name)) throw new RemnawaveError('A120');
    const squad = { uuid: randomUUID(), name, createdAt: now() };
    this.squads.push(squad);
    return squad;
  }

  addToken(name: string, days: number, scopes: string[], token = randomBytes(32).toString('base64url')): Token {
    const made = {
      token,
      name,
      scopes,
      expiresAt: new Date(Date.now() + Math.min(days * 86_400_000, 20 * YEAR_MS)).toISOString(),
    };
    this.tokens.push(made);
    return made;
  }
}

const newSecret = () => randomBytes(15).toString('base64url');

export const isServed = (user: User): boolean => settled(user).status === 'ACTIVE' && user.squads.length > 0;

/** Jobs of the panel end what is over or used up, and nothing but that. */
function settled(user: User): User {
  const { status, expireAt, trafficLimitBytes, usedBytes } = user;
  if (status === 'ACTIVE' && trafficLimitBytes > 0 && usedBytes >= trafficLimitBytes) user.status = 'LIMITED';
  if (user.status !== 'DISABLED' && Date.parse(expireAt) <= Date.now()) user.status = 'EXPIRED';
  return user;
}
