import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '@switchboard/contracts';
import { type IdentityKeys, ServiceClient, ServiceIdentity, UpstreamHttpError } from '@switchboard/service-kit';
import { Registry } from 'prom-client';

/** Whoever is asked is killed and started again meanwhile. */
const ANSWERS_WITHIN_MS = 60_000;
const AGAIN_AFTER_MS = 200;
const TIMEOUT_MS = 15_000;

type Asked<T> = (client: ServiceClient, options: { actor: Actor; timeoutMs: number }) => Promise<T>;

/** Speaks to services as the gateway does, for people and for staff, and asks again until it is answered. */
export class Gateway {
  private readonly identity: ServiceIdentity;
  private readonly addresses: () => Map<string, string>;
  private readonly staff: Actor = { kind: 'staff', id: crypto.randomUUID(), roles: ['owner'], scopes: ['*'] };

  /** @param addresses where a process of each service answers now */
  constructor(keys: IdentityKeys, addresses: () => Map<string, string>) {
    this.identity = new ServiceIdentity('gateway', keys);
    this.addresses = addresses;
  }

  /** @throws UpstreamHttpError when the service refuses */
  async asStaff<T>(ask: Asked<T>): Promise<T> {
    return this.ask(this.staff, ask);
  }

  async asPerson<T>(id: string, ask: Asked<T>): Promise<T> {
    return this.ask({ kind: 'person', id, roles: [], scopes: ['me:*'] }, ask);
  }

  private async ask<T>(actor: Actor, ask: Asked<T>): Promise<T> {
    const until = Date.now() + ANSWERS_WITHIN_MS;
    for (;;) {
      try {
        // A new one each time, since it would remember those that were killed.
        const client = new ServiceClient(this.identity, this.addresses(), new Registry());
        return await ask(client, { actor, timeoutMs: TIMEOUT_MS });
      } catch (error) {
        if (isRefusal(error) || Date.now() > until) throw error;
        await sleep(AGAIN_AFTER_MS);
      }
    }
  }
}

/** What another try would be answered with as well. */
export const isRefusal = (error: unknown): error is UpstreamHttpError =>
  error instanceof UpstreamHttpError && error.status < 500 && error.problem?.code !== 'request_in_progress';
