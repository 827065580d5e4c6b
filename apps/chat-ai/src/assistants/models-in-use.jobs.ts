import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  BotServers,
  Clock,
  defineJob,
  type JobRun,
  LOG,
  type Log,
  ModelWatch,
  type PayloadOf,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { EmbeddingsService } from '../models/embeddings.service';
import { AssistantsService } from './assistants.service';

const CheckModels = defineJob('check-models', Slot);

/** Warns of models that their vendor is going to switch off: at each start, when a bot changes, and once a day. */
@Injectable()
export class ModelsInUseJobs implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly watch: ModelWatch;
  private readonly stopping = new AbortController();

  constructor(
    private readonly assistants: AssistantsService,
    private readonly embeddings: EmbeddingsService,
    @Inject(LOG) log: Log,
    registry: Registry,
    clock: Clock,
    servers: BotServers,
  ) {
    this.watch = new ModelWatch(registry, log, clock, servers.fetch);
  }

  onApplicationBootstrap(): void {
    void this.check(this.stopping.signal);
    this.assistants.onChange(() => void this.check(this.stopping.signal));
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  @Scheduled('17 5 * * *', CheckModels, {
    purpose: 'Asks the servers of the models in use which of them they are going to switch off.',
    timeoutMs: 5 * 60_000,
  })
  checkModels(_: PayloadOf<typeof CheckModels>, { signal }: JobRun): Promise<void> {
    return this.check(signal);
  }

  private check(signal: AbortSignal): Promise<void> {
    const models = this.assistants.inUse().flatMap((assistant) => assistant.models);
    const inUse = [
      ...models.map(({ model, connection }) => ({ model, ...connection })),
      ...(this.embeddings.inUse ? [this.embeddings.inUse] : []),
    ];
    return this.watch.check([...new Map(inUse.map((one) => [`${one.baseUrl} ${one.model}`, one])).values()], signal);
  }
}
