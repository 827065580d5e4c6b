import type { Money } from '@switchboard/contracts';
import type { ResiliencePolicy } from '@switchboard/service-kit';
import type { z } from 'zod';

/** A kind of server at a place, as it can be had now. */
export interface CloudOffer {
  /** As the cloud names them. */
  readonly plan: string;
  readonly location: string;
  /** ISO 3166, in small letters: `de`. */
  readonly country: string;
  readonly city: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** A month; null: without limit. */
  readonly trafficBytes: number | null;
  /** A month with a public address, without tax, rounded up. */
  readonly monthly: Money;
}

export interface NewCloudServer {
  /** Ours, a host name, and the same for ever: by it a server is found again after any crash. */
  readonly name: string;
  readonly plan: string;
  readonly location: string;
  /** What it does at its first start, for cloud-init: its panel is set up by it. */
  readonly userData: string;
}

export interface CloudServer {
  readonly name: string;
  /** `making` until it can be reached, `going` while it is deleted. */
  readonly state: 'making' | 'running' | 'stopped' | 'going' | 'unknown';
  readonly plan: string;
  readonly location: string;
  /** IPv4; null until it has one. */
  readonly address: string | null;
  readonly createdAt: Date;
}

/**
 * - `sold-out`: that plan cannot be had at that location just now, another may.
 * - `limit`: the account may have no more servers.
 * - `invalid`: it will refuse the same again.
 */
export type CloudRefusal = 'sold-out' | 'limit' | 'invalid';

/** The cloud refuses, and nothing was made. The message is in its own words, for staff. */
export class CloudRefused extends Error {
  override readonly name = 'CloudRefused';
  constructor(
    readonly reason: CloudRefusal,
    message: string,
  ) {
    super(message);
  }
}

/**
 * - `unreachable`: there was no connection, or it broke.
 * - `busy`: it asks to be asked less, or works on that server just now.
 * - `failed`: it has answered a failure of its own.
 * - `unintelligible`: what answers is no such cloud.
 * - `unauthorized`: it does not know the token, or lets it do less.
 */
export type CloudTrouble = 'unreachable' | 'busy' | 'failed' | 'unintelligible' | 'unauthorized';

/** There is no answer to what was asked, which may have been done. */
export class CloudUnavailable extends Error {
  override readonly name = 'CloudUnavailable';
  constructor(
    readonly trouble: CloudTrouble,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** For the ResiliencePolicy of a cloud: what asking again soon may mend. */
export const isCloudOutage = (error: unknown): boolean =>
  error instanceof CloudUnavailable && error.trouble !== 'unauthorized';

/** An account with a provider of servers. One file each; all pass one suite, cloud.contract.ts. Every call may be repeated. */
export interface Cloud {
  /** What can be had now, for servers of the usual architecture (x86-64). */
  offers(signal: AbortSignal): Promise<readonly CloudOffer[]>;
  /**
   * Asks for a server, which is made within minutes. By the same name it is the same server, however often it is asked for.
   * @throws CloudRefused, CloudUnavailable
   */
  create(server: NewCloudServer, signal: AbortSignal): Promise<CloudServer>;
  read(name: string, signal: AbortSignal): Promise<CloudServer | undefined>;
  /** One that is not there is removed already, and one that is not ours is left alone. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** Those that we have made; the account may have others. */
  list(signal: AbortSignal): AsyncIterable<CloudServer>;
}

/** The access to one account. */
export interface CloudAccount<Settings> {
  readonly settings: Settings;
  /** Of the settings, by name. */
  secret(name: string): string | undefined;
  /** Where it is asked: its own address, or that of the sandbox. */
  readonly apiRoot: string;
  readonly policy: ResiliencePolicy;
}

/** How a cloud comes to be: one such constant in its file, one word in vpn-provisioner.app.ts. */
export interface CloudDefinition<Settings extends z.ZodObject = z.ZodObject> {
  /** `hetzner` */
  readonly kind: string;
  readonly settings: Settings;
  /** Names of its secrets. */
  readonly secrets: readonly string[];
  readonly apiRoot: string;
  create(account: CloudAccount<z.output<Settings>>): Cloud;
}

export const defineCloud = <Settings extends z.ZodObject>(
  cloud: CloudDefinition<Settings>,
): CloudDefinition<Settings> => cloud;
