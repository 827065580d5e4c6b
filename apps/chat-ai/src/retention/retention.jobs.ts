import { Inject, Injectable } from '@nestjs/common';
import { MEDIA_KEPT_DAYS } from '@switchboard/contracts';
import { Clock, CONFIG, defineJob, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import type { ChatAiConfig } from '../chat-ai.config';

const ForgetOld = defineJob('forget-old', Slot);

const DAY_MS = 86_400_000;
/** Their messages and turns go with them in one transaction. */
const CONVERSATIONS_AT_ONCE = 100;

/** Forgets conversations that are over, what was read of files that are gone, and accounts that nobody asks for any more. Knowledge and prompts stay. */
@Injectable()
export class RetentionJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
  ) {}

  @Scheduled('41 2 * * *', ForgetOld, {
    purpose:
      'Deletes conversations that were closed, or in which nothing was said, CHAT_AI_KEEP_DAYS ago, what was read of old files, and old usage.',
    timeoutMs: 60 * 60_000,
  })
  async forgetOld(_slot: PayloadOf<typeof ForgetOld>, { signal }: JobRun): Promise<void> {
    const before = this.daysAgo(this.config.CHAT_AI_KEEP_DAYS);
    let last: string | undefined = LOWEST_ID;
    while (last && !signal.aborted) last = await this.forgetConversations(before, last);
    await this.db.query(FORGET_FILES, [this.daysAgo(MEDIA_KEPT_DAYS)]);
    await this.db.query(FORGET_WINDOWS);
    const accounts = this.daysAgo(this.config.CHAT_AI_KEEP_USAGE_DAYS);
    await this.db.query('DELETE FROM usages WHERE created_at < $1', [accounts]);
    await this.db.query('DELETE FROM allowances WHERE ends_at < $1', [this.daysAgo(0)]);
    await this.db.query('DELETE FROM budgets WHERE period_start < $1 AND reserved_micros = 0', [accounts]);
  }

  /**
   * Looks at some conversations after `last` that seem to be over.
   * @returns the last of them; undefined when there are none
   */
  private forgetConversations(before: Date, last: string): Promise<string | undefined> {
    return this.db.transaction(async (tx) => {
      const rows: { id: string }[] = await tx.query(
        `SELECT id FROM conversations WHERE id > $2 AND ${IS_OVER} ORDER BY id LIMIT ${CONVERSATIONS_AT_ONCE} FOR UPDATE`,
        [before, last],
      );
      const ids = rows.map(({ id }) => id);
      // Asked again: whoever has just written held the row, and what was said since is seen by a new statement only.
      await tx.query(`DELETE FROM conversations WHERE id = ANY($2) AND ${IS_OVER}`, [before, ids]);
      return ids.at(-1);
    });
  }

  private daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * DAY_MS);
  }
}

/** As if they had been asked for now, when the bot-adapter does not have them any more. */
const FORGET_FILES = `
  UPDATE attachments SET content = NULL, state = 'unreadable', problem = coalesce(problem, 'file_gone'), notes = '{}', tokens = 0
  WHERE received_at < $1 AND content IS NOT NULL`;

/** Of people who are known no more. */
const FORGET_WINDOWS = `
  DELETE FROM desk_windows w WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.user_id = w.user_id)`;

const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

const IS_OVER = `coalesce(closed_at, started_at) < $1 AND (closed_at IS NOT NULL OR NOT EXISTS (
  SELECT FROM messages WHERE messages.conversation_id = conversations.id AND messages.sent_at >= $1))`;
