import { Injectable } from '@nestjs/common';
import type { PersonReleased, PersonRestricted, SealedEventOf } from '@switchboard/contracts';
import { PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';

/** That a bot does not listen to a person. */
export interface Restriction {
  /** Null: until staff lift it. */
  readonly until: Date | null;
}

/** Whom bots do not listen to, as the gateway says. They are asked about in the statement that finds a contact. */
@Injectable()
export class RestrictionsService {
  constructor(private readonly personal: PersonalData) {}

  async impose(
    tx: EntityManager,
    { userId, botId, restrictionId, until }: SealedEventOf<typeof PersonRestricted>['data'],
  ): Promise<void> {
    if (await this.personal.isErased(tx, userId)) return;
    await tx.query(
      `INSERT INTO restricted_people (user_id, bot_id, restriction_id, until) VALUES ($1, $2, $3, $4)
       ON CONFLICT (user_id, bot_id) DO UPDATE SET restriction_id = excluded.restriction_id, until = excluded.until`,
      [userId, botId ?? null, restrictionId, until ?? 'infinity'],
    );
  }

  /** Another one that has taken its place stays. */
  async lift(
    tx: EntityManager,
    { userId, restrictionId }: SealedEventOf<typeof PersonReleased>['data'],
  ): Promise<void> {
    await tx.query('DELETE FROM restricted_people WHERE user_id = $1 AND restriction_id = $2', [userId, restrictionId]);
  }
}

/** Column of a statement about contacts: until when their bot does not listen to them. */
export const RESTRICTED_UNTIL = `(SELECT max(r.until) FROM restricted_people r
  WHERE r.user_id = contacts.user_id AND (r.bot_id IS NULL OR r.bot_id = contacts.bot_id)) AS restricted_until`;

/** @param until as the driver reads the column: `infinity` is a number */
export function restrictionOf(until: Date | number | null, now: Date): Restriction | undefined {
  if (until === null || until <= now) return undefined;
  return { until: typeof until === 'number' ? null : until };
}
