import type { DataSource } from 'typeorm';
import type { OutboxRelay } from './outbox-relay';

const AT_MOST_EVERY_MS = 10;

/**
 * Tells the leading relay of new events after a commit: directly when it is in this process, else by a NOTIFY
 * outside of any business transaction (a NOTIFY inside one takes a lock over the whole cluster at commit).
 */
export class OutboxNotifier {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly relay: OutboxRelay,
  ) {}

  notify(): void {
    if (this.relay.isLeader) return this.relay.wake();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      // The relay's poll finds the events even when this fails.
      this.db.query(`NOTIFY ${this.relay.channel}`).catch(() => undefined);
    }, AT_MOST_EVERY_MS);
  }

  close(): void {
    clearTimeout(this.timer);
  }
}
