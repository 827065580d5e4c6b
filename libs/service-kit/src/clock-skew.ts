import { Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';

/** Little beside the hours and days after which something is deleted, and far more than clocks differ that anything sets right. */
const LARGEST_SKEW_MS = 5 * 60_000;

/**
 * By how many milliseconds the clock of this process is ahead of the database's; negative: behind; 0: the same, as far as can be
 * told. Asks the clock of the machine and not `Clock`, which tests move.
 */
export async function clockSkewMs(db: DataSource): Promise<number> {
  const before = Date.now();
  const [row] = await db.query<[{ now: Date }]>('SELECT clock_timestamp() AS now');
  const after = Date.now();
  const now = row.now.getTime();
  // However long the answer took, the database's clock has said a time between the two.
  return now < before ? before - now : Math.min(0, after - now);
}

/** The clocks of this process and of the database differ by more than five minutes, and one of them is wrong. */
export class ClockSkewed extends Error {
  override readonly name = 'ClockSkewed';

  constructor(skewMs: number) {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    super(`the clock of this process is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the database's`);
  }
}

/** To be called before anything is deleted or given up because of its age. @throws ClockSkewed */
export async function refuseSkewedClock(db: DataSource): Promise<void> {
  const skewMs = await clockSkewMs(db);
  if (Math.abs(skewMs) > LARGEST_SKEW_MS) throw new ClockSkewed(skewMs);
}

export function reportClockSkew(registry: Registry, db: DataSource): void {
  new Gauge({
    name: 'clock_skew_seconds',
    help: "By how much the clock of this process is ahead of the database's; negative: behind.",
    registers: [registry],
    async collect() {
      // A scrape must answer while the database is away.
      const skewMs = await clockSkewMs(db).catch(() => undefined);
      if (skewMs === undefined) this.remove();
      else this.set(skewMs / 1000);
    },
  });
}
