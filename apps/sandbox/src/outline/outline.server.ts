import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import type { PanelSeed, PanelServer, PanelUserEdit, PanelUserView, Power } from '../kit/panel-servers';
import { selfSignedCertificate } from '../kit/self-signed-certificate';

/** What an Outline server keeps. Source: OutlineFoundation/outline-server 1.7.2, src/shadowbox/server/server_access_key.ts. */

export const VERSION = '1.7.2';

export const CIPHERS = ['chacha20-ietf-poly1305', 'aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm'];
const DEFAULT_CIPHER = CIPHERS[0]!;

const HOUR_MS = 3_600_000;
const WINDOW_MS = 30 * 24 * HOUR_MS;
export const Limit = z.object({ bytes: z.int().min(0) });
const Key = z.object({
  id: z.string(),
  name: z.string(),
  password: z.string(),
  port: z.int(),
  method: z.string(),
  dataLimit: Limit.optional(),
  /** As the last look at limits found; a new key is let in until the next one, whatever its limit. */
  reachedDataLimit: z.boolean(),
});
export type Key = z.infer<typeof Key>;

const State = z.object({
  serverId: z.string(),
  name: z.string(),
  createdTimestampMs: z.int(),
  metricsEnabled: z.boolean(),
  portForNewAccessKeys: z.int(),
  hostnameForAccessKeys: z.string(),
  accessKeyDataLimit: Limit.optional(),
  nextId: z.int(),
  keys: z.array(Key),
  /** By the id of a key, which may be gone: bytes of each hour in which there were some. */
  traffic: z.record(z.string(), z.record(z.string(), z.int())),
  lastSeen: z.record(z.string(), z.number()),
});
type State = z.infer<typeof State>;

/** What is not in a backup of the access keys: the machine stays the same. */
const Machine = z.object({
  secret: z.string(),
  port: z.int(),
  certificate: z.object({ key: z.string(), cert: z.string() }).optional(),
});

export interface NewKey {
  readonly name: string;
  readonly method: string;
  readonly password?: string | undefined;
  readonly port?: number | undefined;
  readonly limit?: z.infer<typeof Limit> | undefined;
}

export class OutlineServer implements PanelServer {
  private machine: z.infer<typeof Machine>;
  private listener?: Server;
  state: State;

  constructor(
    seed: PanelSeed,
    /** Where it listens is not known before the sandbox starts. */
    private readonly host: () => string,
    private readonly answer: RequestListener,
  ) {
    this.machine = { secret: randomBytes(16).toString('base64url'), port: seed.port ?? 0 };
    this.state = {
      serverId: randomUUID(),
      name: seed.name,
      createdTimestampMs: Date.now(),
      metricsEnabled: false,
      portForNewAccessKeys: 12_345,
      hostnameForAccessKeys: `${seed.name}.vpn.example`,
      nextId: 0,
      keys: [],
      traffic: {},
      lastSeen: {},
    };
  }

  get secret(): string {
    return this.machine.secret;
  }

  find(id: string): Key | undefined {
    return this.state.keys.find((key) => key.id === id);
  }

  /** @param id one that is free; the next number when absent */
  create(wanted: NewKey, id = this.freeId()): Key {
    const key: Key = {
      id,
      name: wanted.name,
      password: wanted.password ?? randomBytes(16).toString('base64url').slice(0, 22),
      port: wanted.port ?? this.state.portForNewAccessKeys,
      method: wanted.method || DEFAULT_CIPHER,
      ...(wanted.limit && { dataLimit: wanted.limit }),
      reachedDataLimit: false,
    };
    this.state.keys.push(key);
    return key;
  }

  private freeId(): string {
    let id: string;
    do id = String(this.state.nextId++);
    while (this.find(id));
    return id;
  }

  remove(id: string): void {
    this.state.keys = this.state.keys.filter((key) => key.id !== id);
  }

  limit(key: Key, limit: Key['dataLimit']): void {
    setLimit(key, limit);
    this.enforceLimits();
  }

  limitAll(limit: Key['dataLimit']): void {
    if (limit) this.state.accessKeyDataLimit = limit;
    else delete this.state.accessKeyDataLimit;
    this.enforceLimits();
  }

  /** It looks at all of them, whichever has changed. */
  private enforceLimits(): void {
    for (const key of this.state.keys) this.enforceLimit(key);
  }

  private enforceLimit(key: Key): void {
    const { bytes = Infinity } = key.dataLimit ?? this.state.accessKeyDataLimit ?? {};
    key.reachedDataLimit = this.usedBy(key.id) >= bytes;
  }

  /** Of the last thirty days. */
  usedBy(id: string): number {
    const since = Date.now() - WINDOW_MS;
    return Object.entries(this.state.traffic[id] ?? {}).reduce(
      (sum, [hour, bytes]) => (Number(hour) * HOUR_MS >= since ? sum + bytes : sum),
      0,
    );
  }

  accessUrlOf({ method, password, port }: Key): string {
    const secret = Buffer.from(`${method}:${password}`).toString('base64url');
    return `ss://${secret}@${this.state.hostnameForAccessKeys}:${port}/?outline=1`;
  }

  // By hand. An end and devices are not known here.

  account(base: string) {
    const { port, secret, certificate } = this.machine;
    const sha256 = certificate ? new X509Certificate(certificate.cert).fingerprint256.replaceAll(':', '') : '';
    return { apiUrl: `https://${new URL(base).hostname}:${port}/${secret}`, certSha256: sha256 };
  }

  users(): PanelUserView[] {
    return this.state.keys.map((key) => {
      const limit = (key.dataLimit ?? this.state.accessKeyDataLimit)?.bytes ?? null;
      return {
        name: key.id,
        enabled: limit !== 0,
        served: !key.reachedDataLimit,
        expiresAt: null,
        // More than anybody can use.
        limitBytes: limit === 0 || (limit ?? Infinity) >= 1e15 ? null : limit,
        usedBytes: this.usedBy(key.id),
        devices: null,
        onlineAt: this.state.lastSeen[key.id] ?? null,
        password: key.password,
        links: [this.accessUrlOf(key)],
      };
    });
  }

  add(name: string, edit: PanelUserEdit): void {
    this.create({ name, method: '', password: edit.password }, name);
    this.edit(name, edit);
  }

  edit(name: string, { enabled, limitBytes, password }: PanelUserEdit): void {
    const key = this.find(name);
    if (!key) throw new HttpError(404, `there is no key "${name}"`);
    if (password !== undefined) key.password = password;
    if (enabled === false) setLimit(key, { bytes: 0 });
    else if (limitBytes !== undefined) setLimit(key, limitBytes === null ? undefined : { bytes: limitBytes });
    else if (enabled) setLimit(key, undefined);
    this.enforceLimit(key);
  }

  /** What is used up ends at once here, and not within the hour. */
  use(name: string, bytes: number): void {
    const hour = String(Math.floor(Date.now() / HOUR_MS));
    const traffic = (this.state.traffic[name] ??= {});
    traffic[hour] = (traffic[hour] ?? 0) + bytes;
    this.state.lastSeen[name] = Date.now();
    this.enforceLimit(this.find(name)!);
  }

  async renewCertificate(): Promise<void> {
    const certificate = await selfSignedCertificate(this.host());
    this.machine.certificate = certificate;
    this.listener?.setSecureContext(certificate);
    // Who is connected has seen the old one.
    this.listener?.closeAllConnections();
  }

  async setPower(power: Power): Promise<void> {
    if (power === 'refusing') return this.close();
    if (this.listener) return;
    if (!this.machine.certificate) await this.renewCertificate();
    const listener = createServer(this.machine.certificate!, this.answer);
    // The port that it had, if nobody else has taken it meanwhile.
    await listen(listener, this.machine.port, this.host()).catch(() => listen(listener, 0, this.host()));
    this.machine.port = (listener.address() as AddressInfo).port;
    this.listener = listener;
  }

  async close(): Promise<void> {
    const { listener } = this;
    delete this.listener;
    listener?.closeAllConnections();
    if (listener) await new Promise((closed) => listener.close(closed));
  }

  save() {
    return { ...this.state, machine: this.machine };
  }

  restore(saved: unknown): void {
    const { machine, ...state } = State.extend({ machine: Machine }).parse(saved);
    this.state = state;
    // A backup that is put back leaves the machine as it is.
    if (!this.listener) this.machine = machine;
  }
}

function setLimit(key: Key, limit: Key['dataLimit']): void {
  if (limit) key.dataLimit = limit;
  else delete key.dataLimit;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((listening, fail) => {
    server.once('error', fail);
    server.listen(port, host, listening);
  });
}
