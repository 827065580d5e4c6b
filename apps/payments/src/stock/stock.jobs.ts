import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { NoticeSendRequested } from '@switchboard/contracts';
import { Clock, defineJob, LOG, type Log, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { StockService } from './stock.service';

const CheckStock = defineJob('check-stock', Slot);

/** All moves there ever were are added up for it. */
const COMPARED_EVERY_MS = 3_600_000;

@Injectable()
export class StockJobs {
  private differing: number | undefined;
  private comparedAt = -Infinity;

  constructor(
    private readonly db: DataSource,
    private readonly stock: StockService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    const differing = () => this.compare();
    new Gauge({
      name: 'payments_stock_differences',
      help: 'Variants whose pieces are not what their moves and reservations add up to. Absent while they could not be compared.',
      registers: [registry],
      collect() {
        const now = differing();
        // Without a value it is 0, which would say that all is well.
        if (now === undefined) this.remove();
        else this.set(now);
      },
    });
  }

  @Scheduled('41 3 * * *', CheckStock, {
    purpose: 'Compares how many pieces of goods there are with all that has changed their number.',
    timeoutMs: 10 * 60_000,
  })
  async check(_: PayloadOf<typeof CheckStock>): Promise<void> {
    const found = await this.stock.differences();
    if (found.length === 0) return;
    const variants = found.slice(0, 10).map(({ sku, brandId }) => `${sku} (${brandId})`);
    this.log.error({ variants, count: found.length }, 'the stock of goods is not what its moves add up to');
    const texts = {
      en: `**The stock is not what its moves add up to.** ${found.length}: ${variants.join(', ')}. Count these pieces.`,
      ru: `**Остатки не сходятся с движениями.** ${found.length}: ${variants.join(', ')}. Пересчитайте эти товары.`,
    };
    await this.db.transaction((tx) =>
      this.outbox.add(tx, NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts })),
    );
  }

  /** Seldom, in each process, and no scrape waits for it. @returns what was found last */
  private compare(): number | undefined {
    const now = this.clock.now().getTime();
    if (now - this.comparedAt >= COMPARED_EVERY_MS) {
      this.comparedAt = now;
      void this.stock.differences().then(
        ({ length }) => (this.differing = length),
        () => Object.assign(this, { differing: undefined, comparedAt: -Infinity }),
      );
    }
    return this.differing;
  }
}
