/** Something of the chosen set that one person did, or that happened in one session. */
export interface FunnelEvent {
  readonly type: string;
  /** Milliseconds. */
  readonly at: number;
}

export interface Funnel {
  /** Types of events; one may stand at several steps, which then takes several events. */
  readonly steps: readonly string[];
  /** Who does one of these after the first step and before the last is left out. */
  readonly exclude: readonly string[];
  readonly order: 'sequential' | 'strict' | 'any';
  /** From the first step to the last, in milliseconds; the end belongs to it. */
  readonly windowMs: number;
  /** The first step lies in here, milliseconds: `from` ≤ at < `to`. Later steps may come after it. */
  readonly from: number;
  readonly to: number;
  /** Starts whose window ends later do not count; Infinity counts all. */
  readonly windowsEndBy: number;
}

export type FunnelRun =
  /** `times` of the steps that were reached, in milliseconds, the first one always. */
  | { readonly kind: 'counted'; readonly times: readonly number[] }
  /** Did what is excluded. */
  | { readonly kind: 'excluded' }
  /** No window has passed. */
  | { readonly kind: 'incomplete' };

/**
 * How far somebody came: of all starts the one from which most steps are reached, then the one that reaches its last step first, then the
 * earliest.
 * @param events in the order (occurred_at, received_at, event_id): by it events of the same moment follow each other
 * @returns undefined for whom there is no start
 */
export function runFunnel(events: readonly FunnelEvent[], funnel: Funnel): FunnelRun | undefined {
  const { steps, exclude, order, windowMs, from, to, windowsEndBy } = funnel;
  const chosen = events.flatMap((event, place) => (steps.includes(event.type) ? [{ ...event, place }] : []));
  const walk = WALKS[order](chosen, steps);
  const firsts = order === 'any' ? steps : steps.slice(0, 1);

  let best: Step[] | undefined;
  let hasStart = false;
  chosen.forEach(({ type, at }, start) => {
    if (at < from || at >= to || !firsts.includes(type)) return;
    hasStart = true;
    if (at + windowMs > windowsEndBy) return;
    const reached = walk(start).filter((step) => step.at <= at + windowMs);
    if (!best || isBetter(reached, best)) best = reached;
  });
  if (!best) return hasStart ? { kind: 'incomplete' } : undefined;
  const [first, last] = [best[0]!, best.at(-1)!];
  const isWhole = best.length === steps.length;
  const isExcluded = events.some(
    ({ type, at }, place) =>
      exclude.includes(type) && place > first.place && (isWhole ? place < last.place : at <= first.at + windowMs),
  );
  return isExcluded ? { kind: 'excluded' } : { kind: 'counted', times: best.map(({ at }) => at) };
}

/** An event of the steps, with its place among all events. */
interface Step extends FunnelEvent {
  readonly place: number;
}

const isBetter = (steps: readonly Step[], than: readonly Step[]): boolean =>
  steps.length === than.length ? steps.at(-1)!.place < than.at(-1)!.place : steps.length > than.length;

/** From a start, the steps that follow without regard to the window, the start itself first. */
type Walk = (start: number) => Step[];

const WALKS: Record<Funnel['order'], (events: readonly Step[], steps: Funnel['steps']) => Walk> = {
  sequential(events, steps) {
    const next = nextOfType(events, steps);
    return (start) => {
      const reached = [start];
      for (const type of steps.slice(1)) {
        const found = next.get(type)![reached.at(-1)! + 1] ?? NONE;
        if (found === NONE) break;
        reached.push(found);
      }
      return reached.map((i) => events[i]!);
    };
  },

  strict(events, steps) {
    return (start) => {
      const end = steps.findIndex((type, step) => events[start + step]?.type !== type);
      return events.slice(start, start + (end < 0 ? steps.length : end));
    };
  },

  any(events, steps) {
    const next = nextOfType(events, steps);
    return (start) => {
      const at = new Map<string, number>();
      const found = steps.map((type) => {
        const i = next.get(type)![at.get(type) ?? start] ?? NONE;
        at.set(type, i === NONE ? events.length : i + 1);
        return i;
      });
      return found
        .filter((i) => i !== NONE)
        .sort((a, b) => a - b)
        .map((i) => events[i]!);
    };
  },
};

const NONE = -1;

/** For each type: at each place, where the next event of it is, that place included. A walk then takes as long as it has steps. */
function nextOfType(events: readonly Step[], types: readonly string[]): Map<string, Int32Array> {
  return new Map(
    [...new Set(types)].map((type) => {
      const next = new Int32Array(events.length).fill(NONE);
      for (let i = events.length - 1; i >= 0; i--) next[i] = events[i]!.type === type ? i : (next[i + 1] ?? NONE);
      return [type, next];
    }),
  );
}
