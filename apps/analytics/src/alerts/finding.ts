import type { AlertMeasure, AlertRule, AlertSeverity, Known } from '@switchboard/contracts';

/** Numbers that are out of the ordinary. */
export interface Finding {
  readonly rule: Known<typeof AlertRule>;
  readonly severity: Known<typeof AlertSeverity>;
  /** Which numbers: with the rule it tells findings of the same thing. */
  readonly subject: string;
  readonly botId: string | null;
  readonly measure: Known<typeof AlertMeasure>;
  readonly windowSeconds: number;
  readonly expected: number;
  readonly seen: number;
  /** By how many robust deviations; null where that is not how it was found. */
  readonly score: number | null;
  readonly since: Date;
  readonly contributors: readonly Contributor[];
  /** Whose usage it is, where it is one person's. */
  readonly userId?: string;
  /** Who causes most of it, and may be limited until somebody has looked. */
  readonly suspect?: Suspect | undefined;
}

export interface Suspect {
  readonly userId: string;
  readonly botId: string;
  /** What they use on a usual day. */
  readonly usualMicros: number;
}

export interface Contributor {
  readonly name: string;
  readonly expected: number;
  readonly seen: number;
}

/** From what size on something is worth a message, in micros above what is usual an hour. */
export interface Thresholds {
  readonly warnExcessMicrosPerHour: number;
  readonly pageExcessMicrosPerHour: number;
}

/** What differs most, the largest first. */
export const largest = (contributors: readonly Contributor[]): Contributor[] =>
  contributors
    .toSorted((a, b) => Math.abs(b.seen - b.expected) - Math.abs(a.seen - a.expected))
    .filter(({ seen, expected }) => seen !== expected)
    .slice(0, 3);
