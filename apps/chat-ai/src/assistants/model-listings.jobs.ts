import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { ListedModel } from '../models/chat-model';
import { ModelsService } from '../models/models.service';
import type { AssistantModel } from './assistant';
import { AssistantsService } from './assistants.service';

const CheckModels = defineJob('check-models', Slot);

const DAY_MS = 86_400_000;
/** Vendors announce the end of a model half a year before; who has still not moved then is told each day. */
const WARN_DAYS = 90;

interface Listing {
  readonly server: string;
  readonly model: string;
  readonly listed: boolean;
  readonly shutdownDate: string | null;
  readonly checkedAt: Date;
}

/** Warns before a model in use is switched off. Vendors do so on a day they announce, and its calls fail from then on. */
@Injectable()
export class ModelListingsJobs implements OnApplicationBootstrap {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly jobs: Jobs,
    private readonly assistants: AssistantsService,
    private readonly models: ModelsService,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    const inUse = () => this.inUse().catch(() => []);
    new Gauge({
      name: 'model_listed',
      help: 'Models in use: 0 when their server does not offer them any more.',
      labelNames: ['server', 'model'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const { server, model, listed } of await inUse()) this.set({ server, model }, listed ? 1 : 0);
      },
    });
    new Gauge({
      name: 'model_shutdown_timestamp_seconds',
      help: 'When a model in use is switched off, as far as its server says.',
      labelNames: ['server', 'model'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const { server, model, shutdownDate } of await inUse())
          if (shutdownDate) this.set({ server, model }, Date.parse(shutdownDate) / 1000);
      },
    });
  }

  /** Models that were not looked at for a day, for example because they are new, are not left until tomorrow. */
  async onApplicationBootstrap(): Promise<void> {
    const dayAgo = new Date(this.clock.now().getTime() - DAY_MS);
    const recent = (await this.inUse()).filter(({ checkedAt }) => checkedAt > dayAgo);
    if (recent.length === this.configured().length) return;
    const slot = this.clock.now().toISOString();
    await this.db.transaction((tx) => this.jobs.add(tx, CheckModels, { slot }, { key: CheckModels.name }));
  }

  @Scheduled('17 5 * * *', CheckModels, {
    purpose: 'Asks the servers of the models in use whether they still offer them, and until when.',
    timeoutMs: 5 * 60_000,
  })
  async check(_slot: PayloadOf<typeof CheckModels>, { signal }: JobRun): Promise<void> {
    const servers = Map.groupBy(this.configured(), ({ connection }) => connection.baseUrl);
    for (const [baseUrl, models] of servers) {
      const server = new URL(baseUrl).host;
      try {
        const offered = await this.models.list(models[0]!.connection, signal);
        for (const { model } of models)
          await this.note(
            server,
            model,
            offered.find(({ id }) => id === model),
          );
      } catch (error) {
        this.log.warn({ err: error, server }, 'the list of models could not be read');
      }
    }
  }

  private async note(server: string, model: string, offered: ListedModel | undefined): Promise<void> {
    const shutdownDate = offered?.shutdownDate ?? null;
    await this.db.query(
      `INSERT INTO model_listings (server, model, listed, shutdown_date, checked_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (server, model) DO UPDATE SET
         listed = excluded.listed, shutdown_date = excluded.shutdown_date, checked_at = excluded.checked_at`,
      [server, model, offered !== undefined, shutdownDate, this.clock.now()],
    );
    if (!offered) this.log.warn({ server, model }, 'a model in use is not offered by its server');
    if (!shutdownDate) return;
    const daysLeft = Math.ceil((Date.parse(shutdownDate) - this.clock.now().getTime()) / DAY_MS);
    if (daysLeft <= WARN_DAYS)
      this.log.warn({ server, model, shutdownDate, daysLeft }, 'a model in use will be switched off by its vendor');
  }

  /** Each model once per server. */
  private configured(): AssistantModel[] {
    const models = this.assistants.inUse().flatMap((assistant) => assistant.models);
    return [...new Map(models.map((one) => [`${one.connection.baseUrl} ${one.model}`, one])).values()];
  }

  private async inUse(): Promise<Listing[]> {
    const configured = this.configured();
    return this.db.query<Listing[]>(
      `SELECT server, model, listed, shutdown_date::text AS "shutdownDate", checked_at AS "checkedAt" FROM model_listings
       WHERE (server, model) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [configured.map(({ connection }) => new URL(connection.baseUrl).host), configured.map(({ model }) => model)],
    );
  }
}
