import type { RabbitConnection } from './rabbit-connection';
import { exchangeOf, queuesOf } from './rabbit-subscription';

/** Takes down queues whose group is no more. */
export class RabbitQueues {
  /** Groups that were found idle when they were last looked at. */
  private readonly idle = new Set<string>();

  constructor(private readonly connection: RabbitConnection) {}

  /** What is not bound, or not there at all, is fine with the broker. */
  async unbind(group: string, types: readonly string[]): Promise<void> {
    const [queue] = queuesOf(group);
    await this.connection.onChannel(async (channel) => {
      for (const type of types) await channel.unbindQueue(queue, exchangeOf(type), type);
    });
  }

  /**
   * Quorum queues refuse to be deleted "if empty" or "if unused" (540 NOT_IMPLEMENTED, which ends the connection), so this
   * looks first. It deletes only what two calls in a row have found idle: the broker counts neither what a leaving consumer
   * has in hand nor, while the queue has no leader, anything at all.
   */
  async remove(group: string): Promise<boolean> {
    const [queue, undelivered] = queuesOf(group);
    const wasIdle = this.idle.delete(group);
    if (!(await this.isIdle(queue)) || !(await this.isIdle(undelivered))) return false;
    if (!wasIdle) {
      this.idle.add(group);
      return false;
    }
    await this.connection.onChannel(async (channel) => {
      await channel.deleteQueue(queue);
      await channel.deleteQueue(undelivered);
    });
    return true;
  }

  private async isIdle(queue: string): Promise<boolean> {
    try {
      const { messageCount, consumerCount } = await this.connection.onChannel((channel) => channel.checkQueue(queue));
      return messageCount === 0 && consumerCount === 0;
    } catch (error) {
      // An operator was faster.
      if ((error as { code?: unknown }).code === 404) return true;
      throw error;
    }
  }
}
