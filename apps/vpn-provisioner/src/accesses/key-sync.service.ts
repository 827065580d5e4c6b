import { Injectable } from '@nestjs/common';
import { inTrace } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { type Panel, PanelDisagrees, PanelRefused } from '../panels/panel';
import { PanelsService } from '../panels/panels.service';
import { withDeadline } from '../panels/with-deadline';
import { Server } from '../servers/server.entity';
import { AccessQueue } from './access-queue';
import { KeysService, type KeyTask } from './keys.service';
import type { PanelRemoval } from './panel-removal.entity';

/** So many times in a row nobody is reached, and the rest is left for later. */
const UNREACHED_IN_A_ROW = 3;
/** One look takes up so much for each call side by side: somebody who comes meanwhile waits for no more. */
const TASKS_PER_CALL = 5;
/** Of what a panel is asked for one user, with everything that its adapter asks anew. */
const CALL_MS = 40_000;

/** Asks the panel of one server. Who calls it sees to it that this is done once at a time: by `panelQueue`. */
@Injectable()
export class KeySyncService {
  constructor(
    private readonly db: DataSource,
    private readonly keys: KeysService,
    private readonly queue: AccessQueue,
    private readonly panels: PanelsService,
  ) {}

  /**
   * Asks until nothing is due any more.
   * @returns false when the panel was not reached
   */
  async drain(serverId: string, signal: AbortSignal): Promise<boolean> {
    const server = await this.db.manager.findOneBy(Server, { id: serverId });
    if (!server || server.state === 'retired') return true;
    const panel = this.panels.of(server);
    const others = new Set<string>();
    for (let unreached = 0; unreached < UNREACHED_IN_A_ROW;) {
      signal.throwIfAborted();
      const limit = server.parallelCalls * TASKS_PER_CALL;
      const tasks = await this.keys.due(serverId, limit);
      const removals = await this.keys.dueRemovals(serverId, limit);
      if (tasks.length + removals.length === 0) return true;
      const work = [
        ...tasks.map(
          (task) => () => inTrace(task.key.traceparent, () => this.ask(panel, server, task, signal, others)),
        ),
        ...removals.map((removal) => () => this.remove(panel, removal, signal)),
      ];
      await sideBySide(server.parallelCalls, work, async (one) => {
        if (unreached >= UNREACHED_IN_A_ROW) return;
        unreached = isAnswer(await one()) ? 0 : unreached + 1;
      });
      await this.db.transaction((tx) => this.queue.sync(tx, others));
      others.clear();
    }
    return false;
  }

  /** @returns why it came to nothing, if it did */
  private async ask(
    panel: Panel,
    server: Server,
    task: KeyTask,
    signal: AbortSignal,
    others: Set<string>,
  ): Promise<unknown> {
    const { user, name } = task;
    try {
      if (user) {
        const seen = await withDeadline(CALL_MS, signal, (limited) => panel.ensure(user, limited));
        for (const serverId of await this.keys.confirm(task, seen)) others.add(serverId);
      } else {
        await withDeadline(CALL_MS, signal, (limited) => panel.remove(name, limited));
        await this.keys.removed(task);
      }
      return undefined;
    } catch (error) {
      // What was given up here says nothing of the panel.
      signal.throwIfAborted();
      await this.keys.failed(task, server, error);
      return error;
    }
  }

  private async remove(panel: Panel, removal: PanelRemoval, signal: AbortSignal): Promise<unknown> {
    let failure: unknown;
    try {
      await withDeadline(CALL_MS, signal, (limited) => panel.remove(removal.panelUser, limited));
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
    await this.keys.removalEnded(removal, failure);
    return failure;
  }
}

const isAnswer = (error: unknown): boolean =>
  error === undefined || error instanceof PanelRefused || error instanceof PanelDisagrees;

async function sideBySide<Item>(calls: number, items: readonly Item[], work: (item: Item) => Promise<void>) {
  const waiting = [...items];
  const one = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: calls }, one));
}
