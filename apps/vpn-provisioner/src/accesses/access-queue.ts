import { Injectable } from '@nestjs/common';
import { defineJob, Jobs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { DELAY_MS } from './accesses.service';

/** Chooses the servers of an access, and says what each is to hold. */
export const SettleAccess = defineJob('settle-access', z.object({ accessId: z.uuid() }));
/** Asks the panel of a server for everything that it does not hold yet as it has to. */
export const SyncKeys = defineJob('sync-keys', z.object({ serverId: z.uuid() }));
export const TellDelay = defineJob('tell-delay', z.object({ accessId: z.uuid() }));

/** Panels are asked by one job at a time for each, in whichever process. */
export const panelQueue = (serverId: string): string => `panel:${serverId}`;

/** The jobs by which what is owed becomes what is there. What is to be done stands in the rows alone: nothing is lost with a job. */
@Injectable()
export class AccessQueue {
  constructor(private readonly jobs: Jobs) {}

  async settle(tx: EntityManager, accessId: string): Promise<void> {
    await this.jobs.add(tx, SettleAccess, { accessId }, { key: `settle:${accessId}` });
  }

  /** Whoever is owed something new is looked after once more when a minute is over. */
  async settleNew(tx: EntityManager, accessId: string): Promise<void> {
    await this.settle(tx, accessId);
    await this.jobs.add(tx, TellDelay, { accessId }, { key: `delay:${accessId}`, delayMs: DELAY_MS });
  }

  async sync(tx: EntityManager, servers: Iterable<string>, delayMs = 0): Promise<void> {
    // In one order everywhere: two may add the same ones.
    for (const serverId of [...servers].sort()) {
      // One that is to wait must not take the place of one that is not.
      const key = delayMs === 0 ? `sync:${serverId}` : `sync-later:${serverId}`;
      await this.jobs.add(tx, SyncKeys, { serverId }, { key, queue: panelQueue(serverId), delayMs });
    }
  }
}
