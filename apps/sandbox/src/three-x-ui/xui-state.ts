import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** As an inbound keeps it. What is left out is Go's zero: a client without `enable` is off. Fields it does not know stay. */
export const XuiClient = z.looseObject({
  id: z.string().default(''),
  password: z.string().default(''),
  flow: z.string().default(''),
  email: z.string().default(''),
  limitIp: z.int().default(0),
  /** Bytes, whatever its name says. 0: no limit. */
  totalGB: z.int().default(0),
  /** Milliseconds. 0: never; negative: so long after it is used first. */
  expiryTime: z.int().default(0),
  enable: z.boolean().default(false),
  tgId: z.union([z.int(), z.string()]).default(0),
  subId: z.string().default(''),
  comment: z.string().default(''),
  reset: z.int().default(0),
  created_at: z.int().optional(),
  updated_at: z.int().optional(),
});
export type XuiClient = z.output<typeof XuiClient>;

/** How Xray is reached; more of it in life. */
const Stream = z.looseObject({
  network: z.string(),
  security: z.string(),
  realitySettings: z
    .looseObject({
      serverNames: z.array(z.string()),
      shortIds: z.array(z.string()),
      settings: z.looseObject({ publicKey: z.string(), fingerprint: z.string() }),
    })
    .optional(),
  tlsSettings: z
    .looseObject({
      serverName: z.string(),
      alpn: z.array(z.string()),
      settings: z.looseObject({ fingerprint: z.string() }),
    })
    .optional(),
  wsSettings: z.looseObject({ path: z.string() }).optional(),
});

const XuiInbound = z.object({
  id: z.int(),
  remark: z.string(),
  port: z.int(),
  protocol: z.enum(['vless', 'trojan', 'shadowsocks']),
  clients: z.array(XuiClient),
  streamSettings: Stream,
});
export type XuiInbound = z.output<typeof XuiInbound>;

/** What is counted of a client: one row for each email, in a table of its own. */
const XuiTraffic = z.object({
  id: z.int(),
  inboundId: z.int(),
  /** False of one that is switched off, has used up what it may, or whose time is over. */
  enable: z.boolean(),
  email: z.string(),
  up: z.int(),
  down: z.int(),
  allTime: z.int(),
  expiryTime: z.int(),
  total: z.int(),
  reset: z.int(),
  lastOnline: z.int(),
});
export type XuiTraffic = z.output<typeof XuiTraffic>;

export const XuiData = z.object({ inbounds: z.array(XuiInbound), traffics: z.array(XuiTraffic), lastId: z.int() });
export type XuiData = z.output<typeof XuiData>;

/** What the panel cannot do, in its own words, which are English whatever its language. */
export class XuiError extends Error {}

export interface XuiQuirks {
  /** From 3.1 an inbound is locked while it is changed; before, of two changes at once one is lost. */
  readonly locks: boolean;
  /** From 2.9.4 the client itself is switched off when it is used up or over, and not only what is counted of it. */
  readonly switchesOff: boolean;
}

/** Between reading an inbound and writing it back. */
const WRITE_MS = 4;

/** What one server with a panel holds, and what its panel does with it. Source: 3x-ui, v2.8.5 to v3.6.0. */
export class XuiState {
  inbounds: XuiInbound[] = newInbounds();
  private traffics = new Map<string, XuiTraffic>();
  private lastId = 0;

  constructor(private readonly quirks: XuiQuirks) {}

  save(): XuiData {
    return { inbounds: this.inbounds, traffics: [...this.traffics.values()], lastId: this.lastId };
  }

  restore(data: XuiData): void {
    this.inbounds = data.inbounds;
    this.traffics = new Map(data.traffics.map((row) => [row.email, row]));
    this.lastId = data.lastId;
  }

  inbound(id: number): XuiInbound {
    const found = this.inbounds.find((one) => one.id === id);
    if (!found) throw new XuiError('record not found');
    return found;
  }

  inboundsOf(email: string): XuiInbound[] {
    return this.inbounds.filter(({ clients }) => clients.some((one) => one.email === email));
  }

  client(email: string): XuiClient | undefined {
    this.settle(email);
    for (const { clients } of this.inbounds) {
      const found = clients.find((one) => one.email === email);
      if (found) return found;
    }
    return undefined;
  }

  /** Each client once, by its email. */
  clients(): XuiClient[] {
    [...this.traffics.keys()].forEach((email) => this.settle(email));
    const all = this.inbounds.flatMap(({ clients }) => clients);
    return [...new Map(all.toReversed().map((one) => [one.email, one])).values()].reverse();
  }

  traffic(email: string): XuiTraffic | undefined {
    this.settle(email);
    return this.traffics.get(email);
  }

  allTraffic(): Iterable<XuiTraffic> {
    return this.traffics.values();
  }

  /** Every ten seconds the panel ends what is used up or over. */
  private settle(email: string): void {
    const row = this.traffics.get(email);
    if (!row?.enable) return;
    const isUsedUp = row.total > 0 && row.up + row.down >= row.total;
    const isOver = row.expiryTime > 0 && row.expiryTime <= Date.now();
    if (!isUsedUp && !isOver) return;
    row.enable = false;
    if (this.quirks.switchesOff) this.editClient(email, (client) => ({ ...client, enable: false }));
  }

  /** What a client transfers; nothing by one who is not let in. */
  use(email: string, up: number, down: number): void {
    const row = this.traffic(email);
    if (!row?.enable || !this.client(email)?.enable) return;
    if (row.expiryTime < 0) {
      const expiryTime = Date.now() - row.expiryTime;
      row.expiryTime = expiryTime;
      this.editClient(email, (client) => ({ ...client, expiryTime }));
    }
    row.up += up;
    row.down += down;
    row.allTime += up + down;
    row.lastOnline = Date.now();
  }

  /** At once, wherever it is. */
  editClient(email: string, edit: (client: XuiClient) => XuiClient): void {
    for (const inbound of this.inboundsOf(email))
      inbound.clients = inbound.clients.map((one) => (one.email === email ? edit(one) : one));
  }

  /** Reads the clients of an inbound and writes them back: what another call has written meanwhile is lost, as in life. */
  private async rewrite(inbound: XuiInbound, change: (clients: XuiClient[]) => XuiClient[]): Promise<void> {
    const changed = change(inbound.clients);
    if (!this.quirks.locks) await sleep(WRITE_MS);
    inbound.clients = changed;
  }

  async addClients(inboundId: number, added: readonly XuiClient[]): Promise<void> {
    const known = new Set(this.inbounds.flatMap(({ clients }) => clients.map(({ email }) => email.toLowerCase())));
    for (const { email } of added) {
      if (email && known.has(email.toLowerCase())) throw new XuiError(`Duplicate email: ${email}\n`);
      known.add(email.toLowerCase());
    }
    await this.addToInbound(this.inbound(inboundId), added);
  }

  async addToInbound(inbound: XuiInbound, added: readonly XuiClient[]): Promise<void> {
    if (added.some((one) => keyOf(inbound, one) === '')) throw new XuiError('empty client ID\n');
    const now = Date.now();
    await this.rewrite(inbound, (clients) => [
      ...clients,
      ...added.map((one) => ({ ...one, created_at: one.created_at ?? now, updated_at: now })),
    ]);
    added.forEach((one) => this.addTraffic(inbound.id, one));
  }

  async updateClient(inboundId: number, key: string, client: XuiClient): Promise<void> {
    const inbound = this.inbound(inboundId);
    const before = inbound.clients.find((one) => keyOf(inbound, one) === key);
    if (!before || keyOf(inbound, client) === '') throw new XuiError('empty client ID\n');
    await this.replace(inbound, before, client);
  }

  async replace(inbound: XuiInbound, before: XuiClient, client: XuiClient): Promise<void> {
    if (client.email !== before.email && this.client(client.email))
      throw new XuiError(`Duplicate email: ${client.email}\n`);
    const created_at = before.created_at ?? Date.now();
    await this.rewrite(inbound, (clients) =>
      clients.map((one) => (one === before ? { ...client, created_at, updated_at: Date.now() } : one)),
    );
    const row = this.traffics.get(before.email);
    const { email, enable, totalGB: total, expiryTime, reset } = client;
    if (!row) return this.addTraffic(inbound.id, client);
    this.traffics.delete(before.email);
    this.traffics.set(email, Object.assign(row, { email, enable, total, expiryTime, reset }));
  }

  removeByKey(inboundId: number, key: string): Promise<void> {
    const inbound = this.inbound(inboundId);
    return this.remove(inbound, (one) => keyOf(inbound, one) === key);
  }

  /** Before 3.1 an inbound is never left without a client. */
  async remove(inbound: XuiInbound, isMeant: (client: XuiClient) => boolean): Promise<void> {
    const gone = inbound.clients.filter(isMeant);
    if (gone.length === inbound.clients.length && !this.quirks.locks)
      throw new XuiError('no client remained in Inbound\n');
    await this.rewrite(inbound, (clients) => clients.filter((one) => !isMeant(one)));
    for (const { email } of gone) if (this.inboundsOf(email).length === 0) this.traffics.delete(email);
  }

  /** At once, and without a trace. */
  forget(email: string): void {
    for (const inbound of this.inbounds) inbound.clients = inbound.clients.filter((one) => one.email !== email);
    this.traffics.delete(email);
  }

  resetTraffic(email: string): void {
    const row = this.traffics.get(email);
    if (!row) throw new XuiError('record not found');
    Object.assign(row, { up: 0, down: 0, enable: true });
  }

  /** One row for each email, whatever became of its client: a second one is not written, and nobody hears of it. */
  addTraffic(inboundId: number, { email, enable, totalGB: total, expiryTime, reset }: XuiClient): void {
    if (!email || this.traffics.has(email)) return;
    const counted = { up: 0, down: 0, allTime: 0, lastOnline: 0 };
    const id = ++this.lastId;
    this.traffics.set(email, { id, inboundId, email, enable, total, expiryTime, reset, ...counted });
  }
}

/** By what a call names a client of an inbound. */
export function keyOf({ protocol }: XuiInbound, { id, password, email }: XuiClient): string {
  return protocol === 'trojan' ? password : protocol === 'shadowsocks' ? email : id;
}

/** Of a new server: VLESS with Reality, and Trojan with TLS. */
function newInbounds(): XuiInbound[] {
  const realitySettings = {
    ...{ show: false, dest: 'www.example.com:443', serverNames: ['www.example.com'], shortIds: ['6ba85179e30d4fc2'] },
    settings: { publicKey: 'Z84J2IelR9ch3k8VtlVhhs5ycBUlXA7wHBWcBrjqnAw', fingerprint: 'chrome', spiderX: '/' },
  };
  const tlsSettings = { serverName: 'vpn.example.com', alpn: ['h2', 'http/1.1'], settings: { fingerprint: 'firefox' } };
  return [
    {
      ...{ id: 1, protocol: 'vless', port: 443, remark: 'reality', clients: [] },
      streamSettings: { network: 'tcp', security: 'reality', realitySettings },
    },
    {
      ...{ id: 2, protocol: 'trojan', port: 8443, remark: 'trojan', clients: [] },
      streamSettings: { network: 'ws', security: 'tls', tlsSettings, wsSettings: { path: '/cdn', host: '' } },
    },
  ];
}
