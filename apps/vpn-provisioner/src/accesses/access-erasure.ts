import { Injectable } from '@nestjs/common';
import { Clock, Erasure } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { AccessQueue } from './access-queue';

/** What panels hold of a person goes as soon as they answer; until then a name is left here that nobody can trace. */
@Injectable()
export class AccessErasure {
  constructor(
    private readonly queue: AccessQueue,
    private readonly clock: Clock,
    erasure: Erasure,
  ) {
    erasure.add({ rows: (tx, userId) => this.leavePanels(tx, userId) });
  }

  private async leavePanels(tx: EntityManager, userId: string): Promise<void> {
    const left = await tx.query<{ serverId: string }[]>(
      `INSERT INTO panel_removals (server_id, panel_user, due_at, attempts)
       SELECT k.server_id, a.panel_user, $2::timestamptz, 0 FROM access_keys k JOIN accesses a ON a.id = k.access_id
       WHERE a.user_id = $1 ON CONFLICT (server_id, panel_user) DO UPDATE SET due_at = excluded.due_at
       RETURNING server_id AS "serverId"`,
      [userId, this.clock.now()],
    );
    await this.queue.sync(
      tx,
      left.map(({ serverId }) => serverId),
    );
  }
}
