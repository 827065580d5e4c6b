import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Rate } from './rate.entity';

/** Money by currency and day, in minor units. */
export interface DatedAmount {
  readonly currency: string;
  readonly day: string;
  readonly amountMinor: number;
}

/** The rates by which reports add up currencies. */
@Injectable()
export class RatesService {
  constructor(private readonly db: DataSource) {}

  list(): Promise<Rate[]> {
    return this.db.manager.find(Rate, { order: { currency: 'ASC', validFrom: 'ASC' } });
  }

  async put(rate: Rate): Promise<Rate> {
    await this.db.manager.upsert(Rate, rate, ['currency', 'validFrom']);
    return rate;
  }

  async exchange(tx: EntityManager): Promise<Exchange> {
    return new Exchange(await tx.find(Rate, { order: { currency: 'ASC', validFrom: 'ASC' } }));
  }
}

export class Exchange {
  private readonly rates: ReadonlyMap<string, readonly Rate[]>;

  /** @param rates in the order of their days */
  constructor(rates: readonly Rate[]) {
    this.rates = Map.groupBy(rates, ({ currency }) => currency);
  }

  canConvert(currency: string, to: string, day: string): boolean {
    return this.convert({ currency, day, amountMinor: 0 }, to) !== undefined;
  }

  /**
   * Minor units of one currency in those of another, by the rates of the day; not rounded. Undefined where one of them has no rate on that day.
   */
  convert({ currency, day, amountMinor }: DatedAmount, to: string): number | undefined {
    if (currency === to) return amountMinor;
    const [from, into] = [this.rateOn(currency, day), this.rateOn(to, day)];
    if (!from || !into) return undefined;
    const dollars = (amountMinor / 10 ** from.exponent) * from.usdPerUnit;
    return (dollars / into.usdPerUnit) * 10 ** into.exponent;
  }

  /** The sum, without what cannot be converted; rounded once, to whole minor units. */
  total(amounts: readonly DatedAmount[], to: string): number {
    return Math.round(amounts.reduce((sum, amount) => sum + (this.convert(amount, to) ?? 0), 0));
  }

  private rateOn(currency: string, day: string): Rate | undefined {
    return this.rates.get(currency)?.findLast(({ validFrom }) => validFrom <= day);
  }
}
