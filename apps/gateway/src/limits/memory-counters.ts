import { LRUCache } from 'lru-cache';
import { type Balance, type Charge, type Counters, spreadOf } from './rate-limit';

interface Cells {
  /** Which cell `current` is: the number of windows since 1970. */
  index: number;
  current: number;
  former: number;
}

/** So many callers are remembered; the one that was not heard of for longest begins anew. */
const MOST_CALLERS = 200_000;
/** Of calls: shares of a limit are no whole milliseconds, and Redis keeps times to a tenth of one. */
const ROUNDING = 1e-3;

/** Counts in this process. */
export class MemoryCounters implements Counters {
  private readonly cells = new LRUCache<string, Cells>({ max: MOST_CALLERS });
  /** Of spread limits: when the next call would be on time. */
  private readonly arrivals = new LRUCache<string, number>({ max: MOST_CALLERS });

  pay(charges: readonly Charge[], now: number): Balance[] {
    const counted = charges.map((charge) =>
      charge.limit.kind === 'window' ? this.inWindow(charge, now) : this.spread(charge, now),
    );
    if (counted.every(({ balance }) => balance.allowed)) for (const { commit } of counted) commit();
    return counted.map(({ balance }) => balance);
  }

  private inWindow({ limit, subject, cost }: Charge, now: number) {
    const key = `${limit.name} ${subject}`;
    const index = Math.floor(now / limit.windowMs);
    const known = this.cells.get(key);
    const cells: Cells = { index, current: 0, former: 0 };
    if (known?.index === index) Object.assign(cells, known);
    else if (known?.index === index - 1) cells.former = known.current;
    const balance = windowBalance({ limit, cost, now, ...cells });
    const commit = () => this.cells.set(key, { ...cells, current: cells.current + cost });
    return { balance, commit };
  }

  private spread({ limit, subject, cost }: Charge, now: number) {
    const key = `${limit.name} ${subject}`;
    const { emissionMs, toleranceMs } = spreadOf(limit);
    let due = Math.max(now, this.arrivals.get(key) ?? now);
    // No call moves it further: it is of before the clock went back, and begins to run out now.
    if (due > now + toleranceMs) this.arrivals.set(key, (due = now + toleranceMs));
    const next = due + cost * emissionMs;
    const allowed = next - now <= toleranceMs;
    const balance = spreadBalance({ limit, cost, now, emissionMs, toleranceMs, allowed, at: allowed ? next : due });
    return { balance, commit: () => this.arrivals.set(key, next) };
  }
}

/** What two cells mean for a call. */
export function windowBalance({
  limit,
  cost,
  now,
  current,
  former,
}: Pick<Charge, 'limit' | 'cost'> & { now: number; current: number; former: number }): Balance {
  const most = limit.limit;
  const elapsed = (now % limit.windowMs) / limit.windowMs;
  const used = current + former * (1 - elapsed);
  const allowed = used + cost <= most;
  const after = allowed ? used + cost : used;
  const restOfCell = limit.windowMs * (1 - elapsed);
  // The former cell gives back evenly; what the current one holds is given back in the next window.
  const missing = used + cost - most;
  const byFormer = former > 0 ? (missing / former) * limit.windowMs : Infinity;
  const resetMs = allowed || byFormer > restOfCell ? restOfCell : byFormer;
  return { limit, allowed, used: Math.ceil(after), remaining: Math.max(0, Math.floor(most - after)), resetMs };
}

/** What a point in time means for a call. `at`: where it stands after the call. */
export function spreadBalance({
  limit,
  cost,
  now,
  emissionMs,
  toleranceMs,
  allowed,
  at,
}: Pick<Charge, 'limit' | 'cost'> & {
  now: number;
  emissionMs: number;
  toleranceMs: number;
  allowed: boolean;
  at: number;
}): Balance {
  const used = Math.ceil((at - now) / emissionMs - ROUNDING);
  const remaining = Math.max(0, Math.floor((toleranceMs - (at - now)) / emissionMs));
  const resetMs = allowed ? at - now : at + cost * emissionMs - now - toleranceMs;
  return { limit, allowed, used, remaining, resetMs };
}
