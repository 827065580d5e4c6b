import type { LookupFunction } from 'node:net';
import type { ResiliencePolicy } from '@switchboard/service-kit';
import type { z } from 'zod';

/** How an app connects to one of a server's inbounds; what is chosen by us for each person stands apart (`Credentials`). */
export interface Endpoint {
  readonly protocol: 'vless' | 'trojan' | 'shadowsocks' | 'outline';
  readonly host: string;
  readonly port: number;
  readonly transport: 'tcp' | 'ws' | 'grpc' | 'httpupgrade' | 'xhttp';
  readonly path?: string;
  readonly hostHeader?: string;
  readonly serviceName?: string;
  readonly security: 'none' | 'tls' | 'reality';
  readonly sni?: string;
  readonly fingerprint?: string;
  readonly alpn?: readonly string[];
  readonly publicKey?: string;
  readonly shortId?: string;
  readonly flow?: string;
  /** Of Shadowsocks. */
  readonly cipher?: string;
}

/** By what a person is let in. They are ours, so that links are made without asking a panel. */
export interface Credentials {
  readonly uuid: string;
  readonly password: string;
}

/** What a user of a panel has to be. Always the whole of it, never a change: asked twice it is the same. */
export interface PanelUser {
  /** Ours, and the same for ever: by it a user is found again after any crash. 3 to 32 of `[a-z0-9_]`: all panels take those. */
  readonly name: string;
  readonly credentials: Credentials;
  readonly enabled: boolean;
  /** Panels keep seconds, no less. */
  readonly expiresAt: Date;
  /** Of what is counted since the user was made; at least 1. Null: without limit. */
  readonly limitBytes: number | null;
  /** Null: as many as they like. */
  readonly devices: number | null;
}

/** What a panel says of a user. */
export interface SeenUser {
  readonly name: string;
  readonly enabled: boolean;
  /** Whether the panel lets them in just now: it ends by itself what is over or used up. */
  readonly isServed: boolean;
  readonly expiresAt: Date | null;
  /** Null as well of one that is not enabled, where a panel keeps no limit meanwhile. */
  readonly limitBytes: number | null;
  readonly devices: number | null;
  /** Since the user was made, or somebody has reset it. Of a panel that counts the last thirty days it goes down as well. */
  readonly usedBytes: number;
  readonly credentials: Partial<Credentials>;
  /** Null: never, or the panel does not say. */
  readonly onlineAt: Date | null;
  /** Of Outline: the whole of it, as the server tells it. Ports of two keys may differ. */
  readonly accessKey?: string;
}

export interface PanelHealth {
  readonly version: string;
  readonly onlineUsers: number | null;
  /** 0 to 1. */
  readonly cpu: number | null;
  readonly memory: number | null;
}

/** The panel refuses, and will refuse the same again: staff have to look. The message is in the panel's words. */
export class PanelRefused extends Error {
  override readonly name = 'PanelRefused';
}

/** What is read back is not what was asked for. */
export class PanelDisagrees extends Error {
  override readonly name = 'PanelDisagrees';
  constructor(
    message: string,
    /** Those fields of PanelUser; `name` when there is no such user at all. */
    readonly fields: readonly (keyof PanelUser)[],
  ) {
    super(message);
  }
}

/**
 * - `unreachable`: there was no connection, or it broke.
 * - `busy`: it asks to be asked less (429).
 * - `failed`: it has answered a failure of its own.
 * - `unintelligible`: what answers is no such panel: a page, a redirection, an answer of another form.
 * - `unauthorized`: it does not know the account. Asking again soon may lock it.
 * - `certificate`: it is not the server that was trusted. Nothing was sent to it.
 */
export type PanelTrouble = 'unreachable' | 'busy' | 'failed' | 'unintelligible' | 'unauthorized' | 'certificate';

/** There is no answer to what was asked, which may have been done. */
export class PanelUnavailable extends Error {
  override readonly name = 'PanelUnavailable';
  constructor(
    readonly trouble: PanelTrouble,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** For the ResiliencePolicy of a panel: what asking again soon may mend. */
export const isPanelOutage = (error: unknown): boolean =>
  error instanceof PanelUnavailable && !['unauthorized', 'certificate'].includes(error.trouble);

/**
 * A server's panel. One file each; all pass one suite, panel.contract.ts. Whatever a call throws beside PanelRefused leaves open
 * whether it was done, and is asked again: every call may be repeated.
 */
export interface Panel {
  /**
   * Makes a user what it has to be, made or changed, and reads it back. What was used stays counted.
   * @throws PanelRefused, PanelDisagrees, PanelUnavailable
   */
  ensure(user: PanelUser, signal: AbortSignal): Promise<SeenUser>;
  read(name: string, signal: AbortSignal): Promise<SeenUser | undefined>;
  /** One that is not there is removed already. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** All users of the panel, ours and others. One that comes or goes meanwhile may be missing. */
  list(signal: AbortSignal): AsyncIterable<SeenUser>;
  /** Rejects when the panel answers and yet serves nobody. */
  health(signal: AbortSignal): Promise<PanelHealth>;
  /** How apps connect, as the panel tells this user. Undefined where only the server's settings can say. */
  readonly endpoints?: (name: string, signal: AbortSignal) => Promise<readonly Endpoint[]>;
}

/** The access to one panel. */
export interface PanelAccount<Settings> {
  readonly serverId: string;
  readonly url: string;
  readonly settings: Settings;
  /** Of the settings, by name. */
  secret(name: string): string | undefined;
  readonly policy: ResiliencePolicy;
  /** For connections: a name leads only to addresses where panels may be. */
  readonly lookup?: LookupFunction;
}

/** `rekeying`: whose credentials change is made anew, and counted from zero. */
export type Lack = 'expiry' | 'devices' | 'limit' | 'rekeying';

/** All since a user was made, or was reset; or the last thirty days, of which the oldest falls out. */
export type CounterKind = 'total' | 'last-30-days';

/** How a kind of panel comes to be: one such constant in its file, one word in vpn-provisioner.app.ts. */
export interface PanelDefinition<Settings extends z.ZodObject = z.ZodObject> {
  /** `marzban` */
  readonly kind: string;
  readonly settings: Settings;
  /** Names of its secrets. */
  readonly secrets: readonly string[];
  /** What it cannot do, so that it is done by us: Outline knows neither an end nor devices. */
  readonly lacks: readonly Lack[];
  /** What its counters of users count; all since they were made when absent. */
  readonly counts?: CounterKind;
  create(account: PanelAccount<z.output<Settings>>): Panel;
}

export const definePanel = <Settings extends z.ZodObject>(
  panel: PanelDefinition<Settings>,
): PanelDefinition<Settings> => panel;

/**
 * The fields in which a user of a panel is not what it has to be; `name`: there is none. How one who is not served is kept from it is
 * the panel's affair: by an end in the past, or by being disabled.
 */
export function differences(
  wanted: PanelUser,
  seen: SeenUser | undefined,
  lacks: readonly Lack[] = [],
  now = new Date(),
): (keyof PanelUser)[] {
  if (!seen) return ['name'];
  const isOver = wanted.expiresAt <= now && !seen.isServed;
  const isOff = isOver || (!wanted.enabled && !seen.enabled);
  const isOwed = wanted.enabled && wanted.expiresAt > now && seen.usedBytes < (wanted.limitBytes ?? Infinity);
  const { uuid, password } = seen.credentials;
  const differs: Record<Exclude<keyof PanelUser, 'name'>, boolean> = {
    credentials:
      (uuid ?? wanted.credentials.uuid) !== wanted.credentials.uuid ||
      (password ?? wanted.credentials.password) !== wanted.credentials.password,
    enabled: !isOver && (seen.enabled !== wanted.enabled || (isOwed && !seen.isServed)),
    expiresAt: !lacks.includes('expiry') && !isOver && secondsOf(seen.expiresAt) !== secondsOf(wanted.expiresAt),
    limitBytes:
      !lacks.includes('limit') && seen.limitBytes !== wanted.limitBytes && !(isOff && seen.limitBytes === null),
    devices: !lacks.includes('devices') && seen.devices !== wanted.devices,
  };
  return (Object.keys(differs) as (keyof typeof differs)[]).filter((field) => differs[field]);
}

/** The second in which an end lies, rounded up: nobody is cut off early. */
export const secondsOf = (at: Date | null): number | null => at && Math.ceil(at.getTime() / 1000);

/** What was read back after a change. @throws PanelDisagrees */
export function confirmed(wanted: PanelUser, seen: SeenUser | undefined, lacks?: readonly Lack[]): SeenUser {
  const fields = differences(wanted, seen, lacks);
  if (seen && fields.length === 0) return seen;
  throw new PanelDisagrees(`the panel has taken ${wanted.name}, and shows another ${fields.join(', ')}`, fields);
}
