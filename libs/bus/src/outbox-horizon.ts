/** Transactions of the database, and how far they have been handed out ids. */
export interface RunningTransactions {
  /** The number of the oldest one that runs: all before it are over. */
  readonly oldest: bigint;
  /** Greater than the number of any that had begun when this was asked. */
  readonly next: bigint;
  /** The highest id that any has been given; 0 when none has. */
  readonly handedOut?: bigint;
}

/**
 * Knows up to which id the relay has read everything that will ever be there. Ids are handed out before their
 * transactions commit, so below the highest id seen there may be rows still to come. An id is settled when all
 * transactions that had begun when it was passed are over, and a look since then has left none of their rows behind.
 */
export class OutboxHorizon {
  /** No unread row up to this id. */
  settled = 0n;
  private highest = 0n;
  private handedOut = 0n;
  private passed: { id: bigint; next: bigint }[] = [];

  saw(id: bigint): void {
    if (id > this.highest) this.highest = id;
  }

  /**
   * To be called after a look from the start or from `settled`, before `saw` is told of its rows.
   * @param running as it was before that look
   * @param readUpTo where the look ended because of its limit; undefined when it has left nothing behind
   */
  advance({ oldest, next, handedOut = 0n }: RunningTransactions, readUpTo?: bigint): void {
    for (const mark of this.passed) {
      const isRead = readUpTo === undefined || mark.id <= readUpTo;
      if (mark.next <= oldest && isRead && mark.id > this.settled) this.settled = mark.id;
    }
    this.passed = this.passed.filter(({ id }) => id > this.settled);
    this.pass(this.highest, next);
    // Known since before these transactions were asked for. Whoever begins to lead has seen no row, and yet has something to pass.
    this.pass(this.handedOut, next);
    this.handedOut = handedOut;
  }

  private pass(id: bigint, next: bigint): void {
    if (id > this.settled && !this.passed.some((mark) => mark.id === id)) this.passed.push({ id, next });
  }
}
