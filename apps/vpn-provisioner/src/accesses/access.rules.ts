import { FEATURES, type Features, SERVED_STATUSES } from '@switchboard/contracts';
import type { CounterKind, PanelUser } from '../panels/panel';
import { usedBetween } from '../traffic/traffic-counter';
import type { Access } from './access.entity';
import type { AccessKey } from './access-key.entity';

/** More servers at a time are of no use to anybody, whatever a plan says. */
const MOST_SERVERS = 10;

export interface VpnFeatures {
  readonly limitBytes: number | null;
  readonly deviceLimit: number | null;
  /** 0: the subscription is about something else. */
  readonly serverCount: number;
}

/** What a level brings of the VPN. */
export function vpnFeaturesOf(features: Features): VpnFeatures {
  const hasAny = Object.entries(features).some(
    ([name, value]) => name.startsWith('vpn.') && value !== false && value !== 0,
  );
  if (!hasAny) return { limitBytes: null, deviceLimit: null, serverCount: 0 };
  const servers = features[FEATURES.vpnServers];
  return {
    limitBytes: numberOf(features[FEATURES.vpnTraffic]),
    deviceLimit: numberOf(features[FEATURES.vpnDevices]),
    serverCount: servers === null ? MOST_SERVERS : Math.min(MOST_SERVERS, Math.max(1, numberOf(servers) ?? 1)),
  };
}

/** Null: without limit. */
const numberOf = (value: Features[string] | undefined): number | null => (typeof value === 'number' ? value : null);

type Served = Pick<Access, 'status' | 'servedUntil' | 'serverCount' | 'suspendedFor'>;

/** Whether panels are to let the person in. */
export const isServed = ({ status, servedUntil, serverCount, suspendedFor }: Served, now: Date): boolean =>
  SERVED_STATUSES.includes(status) && servedUntil > now && serverCount > 0 && suspendedFor === null;

/** Whether nothing is left of the traffic of the period. */
export const isUsedUp = ({ limitBytes, usedBytes }: Pick<Access, 'limitBytes' | 'usedBytes'>): boolean =>
  limitBytes !== null && usedBytes >= limitBytes;

type Counted = Pick<Access, 'enabled' | 'servedUntil' | 'limitBytes' | 'usedBytes' | 'deviceLimit' | 'panelUser'>;

/**
 * What a panel has to hold. Its limit is what it has counted itself, and what is left of the period on top: so what was used elsewhere
 * counts, nothing has to be reset, and what is used meanwhile changes nothing.
 */
export function panelUserOf(
  access: Counted,
  key: Pick<AccessKey, 'state' | 'panelUsedBytes'>,
): Omit<PanelUser, 'credentials'> {
  const { limitBytes: limit, usedBytes } = access;
  return {
    name: access.panelUser,
    enabled: access.enabled && key.state !== 'leaving',
    expiresAt: access.servedUntil,
    // 0 would be without limit.
    limitBytes: limit === null ? null : Math.max(1, key.panelUsedBytes + Math.max(0, limit - usedBytes)),
    devices: access.deviceLimit,
  };
}

/**
 * What a panel says that a user has used since it counts. What it had counted before it was asked first, or before the period began, is
 * not known and counts for nothing; of a counter that has gone back see `usedBetween`. The caller holds the access and saves both.
 * @returns the bytes that count
 */
export function countUsage(
  access: Pick<Access, 'usedBytes' | 'usedAt'>,
  key: Pick<AccessKey, 'panelUsedBytes' | 'panelUsedAt'>,
  seenBytes: number,
  now: Date,
  counts: CounterKind = 'last-30-days',
): number {
  const used = key.panelUsedAt === null ? 0 : usedBetween(key.panelUsedBytes, seenBytes, counts);
  Object.assign(key, { panelUsedBytes: seenBytes, panelUsedAt: now });
  Object.assign(access, { usedBytes: access.usedBytes + used, usedAt: now });
  return used;
}
