import { z } from 'zod';

/**
 * One order to misbehave. `target` names what is asked of the sandbox (`telegram.sendMessage`, `openai.chat`,
 * `telegram.updates`); a trailing `*` stands for any rest. `kind` stays open, since every third party fails in its own ways.
 */
export const FaultRule = z.object({
  target: z.string().min(1),
  kind: z.string().min(1),
  /** Only for this chat. */
  chat: z.coerce.number().int().optional(),
  /** How many times it happens; without it, until the rules are replaced. */
  times: z.int().positive().optional(),
  /** Let this many matching requests pass unharmed first. */
  after: z.int().nonnegative().optional(),
  /** Milliseconds, for kinds that wait. */
  ms: z.int().nonnegative().optional(),
  /** Seconds, for a 429. */
  retryAfter: z.number().nonnegative().optional(),
});
export type FaultRule = z.infer<typeof FaultRule>;

/** What the asking party knows about the request at hand. */
export interface FaultFacts {
  chat?: number;
}

interface Armed {
  rule: FaultRule;
  toPass: number;
  left: number;
}

/** The switchboard of misbehaviour, shared by every pretended third party. */
export class Faults {
  private armed: Armed[] = [];

  /** Replaces every rule. */
  set(rules: FaultRule[]): void {
    this.armed = [];
    rules.forEach((rule) => this.add(rule));
  }

  add(rule: FaultRule): void {
    this.armed.push({ rule, toPass: rule.after ?? 0, left: rule.times ?? Infinity });
  }

  /** The rules still in force, with `times` as what is left of it. */
  list(): FaultRule[] {
    return this.armed.map(({ rule, left }) => (left === Infinity ? rule : { ...rule, times: left }));
  }

  clear(): void {
    this.armed = [];
  }

  /**
   * The rule that strikes this request, if any; the first match wins and one of its `times` is used up. With `kinds`,
   * rules of other kinds pass it by: `telegram.*` with a 500 is about calls, and must not be spent on updates.
   */
  next(target: string, facts: FaultFacts = {}, kinds?: readonly string[]): FaultRule | undefined {
    const struck = this.armed.find(({ rule }) => matches(rule, target, facts) && (!kinds || kinds.includes(rule.kind)));
    if (!struck) return undefined;
    if (struck.toPass > 0) {
      struck.toPass -= 1;
      return undefined;
    }
    struck.left -= 1;
    if (struck.left === 0) this.armed = this.armed.filter((other) => other !== struck);
    return struck.rule;
  }
}

function matches(rule: FaultRule, target: string, facts: FaultFacts): boolean {
  if (rule.chat !== undefined && rule.chat !== facts.chat) return false;
  const wanted = rule.target.toLowerCase();
  const asked = target.toLowerCase();
  return wanted.endsWith('*') ? asked.startsWith(wanted.slice(0, -1)) : asked === wanted;
}
