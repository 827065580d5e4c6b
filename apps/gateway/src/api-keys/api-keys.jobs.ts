import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { NoticeSendRequested } from '@switchboard/contracts';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

const TellOfEndingKeys = defineJob('tell-of-ending-api-keys', Slot);

/** So many days before its end staff are told of a key, the last time when it has come. */
const TOLD_BEFORE_DAYS = [0, 3, 14];
/** What ended while nothing ran is told of late, and not after this. */
const TOLD_AFTER_DAYS = 14;
const DAY_MS = 24 * 60 * 60_000;

@Injectable()
export class ApiKeysJobs {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  @Scheduled('17 7 * * *', TellOfEndingKeys, {
    purpose: 'Tells staff of API keys that end in 14 days, in three, or have ended: programs stop working then.',
    timeoutMs: 60_000,
  })
  tellOfEnding(): Promise<void> {
    return this.db.transaction(async (tx) => {
      // The nearest end first, so that a key of three days is not told of twice.
      for (const days of TOLD_BEFORE_DAYS) await this.tell(tx, days);
    });
  }

  /** Keys that were replaced or taken back have ended as somebody wanted it. */
  private async tell(tx: EntityManager, days: number): Promise<void> {
    const now = this.clock.now().getTime();
    const [keys] = await tx.query<[{ id: string }[], number]>(
      `UPDATE api_keys SET told_days = $1 WHERE ends_at IS NULL AND expires_at > $2 AND expires_at <= $3
         AND (told_days IS NULL OR told_days > $1) RETURNING id`,
      [days, new Date(now - TOLD_AFTER_DAYS * DAY_MS), new Date(now + days * DAY_MS)],
    );
    for (const { id } of keys) {
      const texts = days === 0 ? endedTexts(id) : endingTexts(id, days);
      await this.outbox.add(tx, NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts }));
    }
  }
}

const endingTexts = (id: string, days: number) => ({
  en: `The API key **${id}** ends within ${days} days. Programs that use it stop working then: replace it in time.`,
  ru: `Срок API-ключа **${id}** истекает в ближайшие дни (${days}). Программы с ним перестанут работать: замените его заранее.`,
});

const endedTexts = (id: string) => ({
  en: `The API key **${id}** has ended. Programs that use it do not work any more.`,
  ru: `Срок API-ключа **${id}** истёк. Программы с ним больше не работают.`,
});
