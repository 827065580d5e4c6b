import { Injectable } from '@nestjs/common';
import {
  BotsRegistry,
  Clock,
  defineJob,
  type JobRun,
  Jobs,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { ProvidersService } from '../providers/providers.service';
import { type BooksOfDay, ReconciliationService } from './reconciliation.service';

const ReconcilePayments = defineJob('reconcile-payments', Slot);
const ReconcileDay = defineJob(
  'reconcile-day',
  z.object({ botId: z.string(), provider: z.string(), day: z.iso.date() }),
);

/** Compared anew on each of these days: what is asked for again has come by then, and banks settle late. */
const DAYS = 3;
/** So many days back one that was never compared is made up for, as after an outage or from the time of a backup. */
const MOST_DAYS = 60;
const DAY_MS = 86_400_000;

@Injectable()
export class ReconciliationJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly bots: BotsRegistry,
    private readonly providers: ProvidersService,
    private readonly reconciliation: ReconciliationService,
    private readonly clock: Clock,
  ) {}

  @Scheduled('10 4 * * *', ReconcilePayments, {
    purpose:
      'Compares what providers have taken on the last days, and on those that were never compared, with the ledger.',
    timeoutMs: 60_000,
  })
  async reconcile(): Promise<void> {
    await this.db.transaction(async (tx) => {
      for (const { id: botId } of this.bots.all())
        for (const { name: provider } of this.providers.offeredBy(botId))
          for (const day of await this.daysOf(tx, botId, provider)) await this.request(tx, { botId, provider, day });
    });
  }

  /** The last ones, and such as were left out since the first that was compared. */
  private async daysOf(tx: EntityManager, botId: string, provider: string): Promise<string[]> {
    const now = this.clock.now().getTime();
    const days = Array.from({ length: MOST_DAYS }, (_, ago) =>
      new Date(now - (ago + 1) * DAY_MS).toISOString().slice(0, 10),
    );
    const rows = await tx.query<{ day: string }[]>(
      `SELECT day::text FROM reconciliations WHERE bot_id = $1 AND provider = $2 AND day >= $3`,
      [botId, provider, days.at(-1)],
    );
    const compared = new Set(rows.map(({ day }) => day));
    const first = [...compared].sort()[0];
    return days.filter((day, ago) => ago < DAYS || (first !== undefined && day > first && !compared.has(day)));
  }

  /** One at a time of a provider: its list is long. */
  async request(tx: EntityManager, books: BooksOfDay): Promise<void> {
    const { botId, provider, day } = books;
    await this.jobs.add(tx, ReconcileDay, books, {
      ...{ key: `reconcile:${botId}:${provider}:${day}`, queue: `reconcile:${provider}`, maxAttempts: 12 },
    });
  }

  @Runs(ReconcileDay)
  compare(books: PayloadOf<typeof ReconcileDay>, { signal }: JobRun): Promise<void> {
    return this.reconciliation.compare(books, signal);
  }
}
