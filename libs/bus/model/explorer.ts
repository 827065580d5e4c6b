/** A step that is possible now: its name for the trace, and the state after it. */
export type Step<State> = readonly [name: string, after: State];

export interface Model<State> {
  readonly start: State;
  /** States of one key are alike. */
  key(state: State): string;
  /** Everything that may happen next, in any order: progress, faults and crashes alike. */
  steps(state: State): Iterable<Step<State>>;
  /** What is wrong with this state, if anything is. */
  violation(state: State): string | undefined;
  /** True when nothing is left to do. From every reachable state such a one must be reachable. */
  done(state: State): boolean;
}

export interface Finding {
  /** How many different states can be reached. */
  states: number;
  violation?: string;
  /** The shortest way to the violation. */
  trace?: string[];
}

interface Visit {
  name: string;
  from: number;
}

/** Visits every state that can be reached, breadth first, so that the trace of a violation is as short as can be. */
export function explore<State>(model: Model<State>): Finding {
  const numbers = new Map<string, number>();
  const visits: Visit[] = [];
  const before: number[][] = [];
  const finished: number[] = [];
  let wave: [State, number][] = [];

  const visit = (state: State, name: string, from: number, next: [State, number][]) => {
    const key = model.key(state);
    const known = numbers.get(key);
    if (known !== undefined) {
      before[known]!.push(from);
      return;
    }
    const number = visits.length;
    numbers.set(key, number);
    visits.push({ name, from });
    before.push([from]);
    next.push([state, number]);
  };
  const traceTo = (number: number): string[] => {
    const names: string[] = [];
    for (let at = number; at > 0; at = visits[at]!.from) names.unshift(visits[at]!.name);
    return names;
  };

  visit(model.start, 'start', 0, wave);
  while (wave.length > 0) {
    const next: typeof wave = [];
    for (const [state, number] of wave) {
      const violation = model.violation(state);
      if (violation) return { states: visits.length, violation, trace: traceTo(number) };
      if (model.done(state)) finished.push(number);
      for (const [name, after] of model.steps(state)) visit(after, name, number, next);
    }
    wave = next;
  }
  const stuck = firstThatCannotFinish(before, finished);
  if (stuck !== undefined) return { states: visits.length, violation: 'can never finish', trace: traceTo(stuck) };
  return { states: visits.length };
}

/** Walks back from the finished states; what is not met cannot reach any of them. */
function firstThatCannotFinish(before: readonly number[][], finished: readonly number[]): number | undefined {
  const canFinish = new Set(finished);
  const open = [...finished];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const earlier of before[at]!) {
      if (canFinish.has(earlier)) continue;
      canFinish.add(earlier);
      open.push(earlier);
    }
  }
  for (let number = 0; number < before.length; number++) if (!canFinish.has(number)) return number;
  return undefined;
}
