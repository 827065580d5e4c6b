import { Injectable } from '@nestjs/common';
import { SERVED_STATUSES } from '@switchboard/contracts';
import { type Decrypter, PersonalData, type WrappedKey, wrappedKeysOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import type { Access } from '../accesses/access.entity';
import { latencyOf } from '../accesses/placements.service';
import type { Credentials, Endpoint } from '../panels/panel';
import { fastestFirst } from '../placement/placement';
import { type Connection, fromAccessKey, withUniqueNames } from './formats/connection';
import type { Notice } from './formats/notices';
import { LinkSession } from './link-session.service';

export interface KnownDevice {
  readonly id: string;
  readonly identity: string;
  readonly name: string;
  readonly seenAt: Date;
}

type Owed = Pick<Access, 'status' | 'suspendedFor' | 'validUntil' | 'servedUntil' | 'limitBytes' | 'usedBytes'>;

/** All that an address answers with, as the database had it at one moment. */
export interface LinkSnapshot extends Readonly<Owed> {
  readonly hash: string;
  /** Of an address that was replaced. */
  readonly linkUntil: Date | null;
  readonly accessId: string;
  readonly userId: string;
  readonly botId: string;
  readonly deviceLimit: number | null;
  /** When traffic is counted from zero again. */
  readonly resetsAt: Date | null;
  readonly serverIds: readonly string[];
  /** The fastest first. */
  readonly connections: readonly Connection[];
  readonly devices: readonly KnownDevice[];
}

interface ServerRow {
  readonly keyId: string;
  readonly accessUrl: string | null;
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly endpoints: readonly Endpoint[];
  readonly isUp: boolean;
  readonly latencyMs: number | null;
  /** By the person's own device. */
  readonly measuredMs: number | null;
}

interface Row extends Omit<LinkSnapshot, 'connections' | 'serverIds' | 'devices' | 'limitBytes' | 'usedBytes'> {
  readonly limitBytes: string | null;
  readonly usedBytes: string;
  readonly credentials: string;
  readonly servers: readonly ServerRow[] | null;
  readonly devices: readonly (Omit<KnownDevice, 'seenAt'> & { readonly seenAt: string })[] | null;
  readonly personKeys: WrappedKey[] | null;
}

const SELECT = `
  SELECT link.token_hash AS hash, link.valid_until AS "linkUntil", access.id AS "accessId", access.user_id AS "userId",
    access.bot_id AS "botId", access.status, access.suspended_for AS "suspendedFor", access.valid_until AS "validUntil",
    access.served_until AS "servedUntil", access.limit_bytes AS "limitBytes", access.used_bytes AS "usedBytes",
    access.device_limit AS "deviceLimit", access.credentials,
    (SELECT renews_at FROM traffic_budgets budget
     WHERE budget.subscription_id = access.subscription_id AND renews_at < access.valid_until) AS "resetsAt",
    (SELECT json_agg(json_build_object('keyId', key.id, 'accessUrl', key.access_url, 'id', server.id, 'name', server.name,
        'region', server.region, 'endpoints', server.endpoints, 'isUp', coalesce(health.state = 'up', true),
        'latencyMs', health.latency_ms, 'measuredMs', latency.ms))
     FROM access_keys key JOIN servers server ON server.id = key.server_id
       LEFT JOIN server_health health ON health.server_id = server.id
       LEFT JOIN latencies latency ON latency.access_id = access.id AND latency.server_id = server.id
     WHERE key.access_id = access.id AND key.state = 'serving' AND server.state <> 'retired') AS servers,
    (SELECT json_agg(json_build_object('id', id, 'identity', identity, 'name', name, 'seenAt', seen_at) ORDER BY seen_at DESC)
     FROM devices WHERE access_id = access.id) AS devices,
    ${wrappedKeysOf('access.user_id')} AS "personKeys"
  FROM links link JOIN accesses access ON access.id = link.access_id
  WHERE link.token_hash = ANY($1::text[])`;

/** Reads what addresses answer with, many at a time: see `LinkCache`. */
@Injectable()
export class LinkSnapshots {
  constructor(
    private readonly db: DataSource,
    private readonly session: LinkSession,
    private readonly personal: PersonalData,
  ) {}

  /** Of those of these addresses that there are. */
  async load(hashes: readonly string[]): Promise<LinkSnapshot[]> {
    const tx = this.db.manager;
    const rows = await this.session.query<Row>(SELECT, [hashes]);
    for (const { personKeys } of rows) this.personal.remember(tx, personKeys);
    const encrypted = rows.flatMap(({ credentials, servers, devices }) => [
      credentials,
      ...(servers ?? []).map(({ accessUrl }) => accessUrl),
      ...(devices ?? []).map(({ name }) => name),
    ]);
    const decrypt = await this.personal.decrypter(tx, encrypted);
    return rows.flatMap((row) => snapshotOf(row, decrypt) ?? []);
  }
}

/** Undefined of a person who was erased. */
function snapshotOf(row: Row, decrypt: Decrypter): LinkSnapshot | undefined {
  const { credentials: encrypted, servers, devices, personKeys: _, limitBytes, usedBytes, ...rest } = row;
  const { userId, accessId } = row;
  const { credentials } = decrypt({ table: 'accesses', id: accessId, userId }, { credentials: encrypted });
  if (credentials === undefined) return undefined;
  const own = JSON.parse(credentials) as Credentials;
  const shown = serversShown(servers ?? []);
  const connections = shown.flatMap((server) => {
    const name = `${flagOf(server.region)} ${server.name}`;
    const { access_url: url } = decrypt(
      { table: 'access_keys', id: server.keyId, userId },
      { access_url: server.accessUrl },
    );
    const given = url && fromAccessKey(url);
    if (given) return [{ name, ...given }];
    return server.endpoints.map((endpoint) => ({
      name: server.endpoints.length > 1 ? `${name} · ${kindOf(endpoint)}` : name,
      ...{ endpoint, credentials: own },
    }));
  });
  return {
    ...rest,
    limitBytes: limitBytes === null ? null : Number(limitBytes),
    usedBytes: Number(usedBytes),
    serverIds: (servers ?? []).map(({ id }) => id),
    connections: withUniqueNames(connections),
    devices: (devices ?? []).map((device) => {
      const { name } = decrypt({ table: 'devices', id: device.id, userId }, { name: device.name });
      return { ...device, name: name ?? '', seenAt: new Date(device.seenAt) };
    }),
  };
}

/** One that is down leads nowhere; but when all are, apps keep their list, and try. */
function serversShown(servers: readonly ServerRow[]): ServerRow[] {
  const up = servers.filter(({ isUp }) => isUp);
  const shown = up.length > 0 ? up : servers;
  const measured = shown.flatMap(({ id, measuredMs: ms }) => (ms === null ? [] : [{ serverId: id, ms }]));
  return fastestFirst(shown.map((server) => ({ ...server, latencyMs: latencyOf(server, shown, measured) })));
}

/** Why there is nothing to connect to. */
export function noticeOf(snapshot: LinkSnapshot, now: Date): Notice | undefined {
  const { status, suspendedFor, servedUntil, connections } = snapshot;
  if (status === 'paused') return 'paused';
  if (!SERVED_STATUSES.includes(status) || servedUntil <= now) return 'expired';
  if (suspendedFor === 'traffic_used') return 'used-up';
  if (suspendedFor !== null) return 'suspended';
  return connections.length === 0 ? 'preparing' : undefined;
}

/** `de-fra` → 🇩🇪 */
const flagOf = (region: string): string =>
  [...region.slice(0, 2).toUpperCase()].map((letter) => String.fromCodePoint(letter.charCodeAt(0) + 127_397)).join('');

function kindOf({ protocol, transport, security }: Endpoint): string {
  if (protocol === 'trojan') return 'Trojan';
  if (protocol !== 'vless') return 'Shadowsocks';
  return security === 'reality' ? 'Reality' : transport.toUpperCase();
}
