/** As much of RFC 9457, and of our extensions of it, as pages show. */
export interface ProblemDocument {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly instance?: string;
  readonly traceId?: string;
  readonly retryAfter?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldError[];
}
export interface FieldError {
  /** Into the part that does not fit: `/items/0/sku`. */
  readonly pointer: string;
  readonly in?: string;
  readonly code: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly detail: string;
}

/** The problem document that was thrown; `undefined` when no server has answered. */
export function problemOf(error: unknown): ProblemDocument | undefined {
  const found = error as Partial<ProblemDocument> | null | undefined;
  return typeof found === 'object' && typeof found?.code === 'string' && typeof found.status === 'number'
    ? (found as ProblemDocument)
    : undefined;
}

/** Whether it is this problem: `isProblem(error, 'gateway.bot_exists')`. */
export const isProblem = (error: unknown, code: string): boolean => problemOf(error)?.code === code;
