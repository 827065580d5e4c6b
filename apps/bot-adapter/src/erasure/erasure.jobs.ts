import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';

const ForgetInGroups = defineJob(
  'forget-in-groups',
  z.object({ chatIds: z.array(z.uuid()), erasedAt: z.iso.datetime() }),
);

/** Longer than an answer takes that was being made when the person was erased, and its event on the way here. */
const AGAIN_AFTER_MS = 5 * 60_000;
/** With the growing pauses of the queue longer than anything waits to be sent. */
const MAX_ATTEMPTS = 30;

/** Forgets what was sent in the groups in which an erased person wrote: answers to others may hold their words. */
@Injectable()
export class ErasureJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** Now, and once more later: what is still to be sent has to reach the others first. */
  async forgetInGroups(tx: EntityManager, userId: string): Promise<void> {
    const chats = await tx.query<{ id: string }[]>(
      'SELECT DISTINCT chat_id AS id FROM inbound_messages WHERE user_id = $1',
      [userId],
    );
    const chatIds = chats.map(({ id }) => id);
    if (chatIds.length === 0) return;
    await tx.query(FORGET_SENT, [chatIds]);
    const payload = { chatIds, erasedAt: this.clock.now().toISOString() };
    const options = { key: `forget-in-groups:${userId}`, delayMs: AGAIN_AFTER_MS, maxAttempts: MAX_ATTEMPTS };
    await this.jobs.add(tx, ForgetInGroups, payload, options);
  }

  @Runs(ForgetInGroups)
  async forgetLater({ chatIds, erasedAt }: PayloadOf<typeof ForgetInGroups>): Promise<void> {
    await this.db.query(FORGET_SENT, [chatIds]);
    const waiting = await this.db.query<unknown[]>(
      'SELECT FROM deliveries WHERE chat_id = ANY($1) AND queued_at <= $2 LIMIT 1',
      [chatIds, new Date(Date.parse(erasedAt) + AGAIN_AFTER_MS)],
    );
    if (waiting.length > 0) throw new Error('something in a group of an erased person still waits to be sent');
  }
}

const FORGET_SENT = 'DELETE FROM deliveries WHERE finished_at IS NOT NULL AND chat_id = ANY($1)';
