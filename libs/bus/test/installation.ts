import type { CloudEvent, EventDraft } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Transport } from '../src/transport';
import { openBackboneDatabase, run, type Running, type RunOptions } from './backbone';

/** One database and one transport, on which processes of a service come and go. */
export class Installation {
  private readonly running = new Set<Running>();

  private constructor(
    private readonly files: Awaited<ReturnType<typeof openBackboneDatabase>>,
    readonly transport: Transport,
  ) {}

  static async on(transport: Transport): Promise<Installation> {
    return new Installation(await openBackboneDatabase(), transport);
  }

  async start(options: RunOptions = {}): Promise<Running> {
    const db = await this.files.open();
    try {
      const app = await run(db, this.files.database.url, this.transport, options);
      this.running.add(app);
      return app;
    } catch (error) {
      await db.destroy();
      throw error;
    }
  }

  async stop(app: Running): Promise<void> {
    this.running.delete(app);
    await app.stop();
  }

  async close(): Promise<void> {
    await Promise.all([...this.running].map((app) => app.stop()));
    await this.transport.close();
    await this.files.database.drop();
  }

  /** Publishes an event as another service would, around every outbox. */
  async publish(draft: EventDraft, over: Partial<CloudEvent> = {}): Promise<CloudEvent> {
    const event: CloudEvent = {
      specversion: '1.0',
      id: uuidv7(),
      source: 'shop',
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      ...draft,
      ...over,
    };
    const message = { id: event.id, type: event.type, subject: event.subject, body: JSON.stringify(event) };
    await this.transport.publish([message]);
    return event;
  }
}

/** What handlers noted, in the order they did. */
export const notes = async (app: Running) =>
  ((await app.db.query('SELECT what FROM applied ORDER BY id')) as { what: string }[]).map(({ what }) => what);

export const note = (tx: EntityManager, what: string) => tx.query('INSERT INTO applied (what) VALUES ($1)', [what]);

export const untilNoted = (app: Running, count: number) =>
  until(async () => (await notes(app)).length >= count && notes(app), { what: `${count} notes` });

export const say = (app: Running, ...drafts: EventDraft[]) =>
  app.db.transaction((tx) => app.bus.outbox.add(tx, ...drafts));
