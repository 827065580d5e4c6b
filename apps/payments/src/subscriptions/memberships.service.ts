import { Injectable } from '@nestjs/common';
import type { EventOf, MembershipChanged } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';

/** Who is outside of the channel that a bot asks for: whatever they buy or wake up rests until they are back. */
@Injectable()
export class MembershipsService {
  /** Nothing begins for the person until `tx` ends. @returns false for what was told before something later */
  async note(
    tx: EntityManager,
    { userId, botId, isMember, changedAt }: EventOf<typeof MembershipChanged>['data'],
  ): Promise<boolean> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [lockOf(userId, botId)]);
    const noted = await tx.query<unknown[]>(
      `INSERT INTO memberships AS known (user_id, bot_id, is_member, changed_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (user_id, bot_id) DO UPDATE SET is_member = excluded.is_member, changed_at = excluded.changed_at
         WHERE known.changed_at <= excluded.changed_at RETURNING 1`,
      [userId, botId, isMember, changedAt],
    );
    return noted.length > 0;
  }

  /** It stays so until `tx` ends. */
  async isOutside(tx: EntityManager, userId: string, botId: string): Promise<boolean> {
    await tx.query(`SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, [lockOf(userId, botId)]);
    const found = await tx.query<unknown[]>(
      'SELECT FROM memberships WHERE user_id = $1 AND bot_id = $2 AND NOT is_member',
      [userId, botId],
    );
    return found.length > 0;
  }
}

const lockOf = (userId: string, botId: string) => `membership:${userId}:${botId}`;
