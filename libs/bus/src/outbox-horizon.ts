/** Numbers of transactions, as `pg_current_snapshot()` tells them. */
export interface RunningTransactions {
  /** The oldest one that runs: all before it are over. */
  readonly oldest: bigint;
  /** The first one that has not begun. */
  readonly next: bigint;
}

/**
 * Knows up to which id the relay has read everything that will ever be there. Ids are handed out before their
 * transactions commit, so below the highest id seen there may be rows still to come. An id is settled when all
 * transactions that had begun when it was passed are over, and a look since then has left none of their rows behind.
 */
export class OutboxHorizon {
  /** No unread row up to this id, of transactions that held a row (their aggregate's) when they took their id. */
  settled = 0n;
  private highest = 0n;
  private passed: { id: bigint; next: bigint }[] = [];

  saw(id: bigint): void {
    if (id > this.highest) this.highest = id;
  }

  /**
   * To be called after a look from the start or from `settled`, before `saw` is told of its rows.
   * @param running as it was before that look
   * @param readUpTo where the look ended because of its limit; undefined when it has left nothing behind
   */
  advance({ oldest, next }: RunningTransactions, readUpTo?: bigint): void {
    const isSettled = (mark: { id: bigint; next: bigint }) =>
      mark.next <= oldest && (readUpTo === undefined || mark.id <= readUpTo);
    while (this.passed[0] && isSettled(this.passed[0])) this.settled = this.passed.shift()!.id;
    if (this.highest > (this.passed.at(-1)?.id ?? this.settled)) this.passed.push({ id: this.highest, next });
  }
}
