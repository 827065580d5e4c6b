import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  Clock,
  CONFIG,
  defineJob,
  type JobRun,
  LOG,
  type Log,
  type ModelInUse,
  ModelWatch,
  type PayloadOf,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { configuredServer } from '../engines/openai.client';
import { SpeechEngines } from '../speech/speech-engines';
import { TranscriptionProvider } from '../transcriptions/transcription-provider';
import type { TtsWorkerConfig } from '../tts-worker.config';

const CheckModels = defineJob('check-models', Slot);

/** Warns of models that their vendor is going to switch off, at each start and once a day. */
@Injectable()
export class ModelsJobs implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly watch: ModelWatch;
  private readonly models: readonly ModelInUse[];
  private readonly stopping = new AbortController();

  constructor(
    engines: SpeechEngines,
    provider: TranscriptionProvider,
    @Inject(CONFIG) config: TtsWorkerConfig,
    @Inject(LOG) log: Log,
    registry: Registry,
    clock: Clock,
  ) {
    this.watch = new ModelWatch(registry, log, clock);
    const server = configuredServer(config);
    const names = [engines.primary.model, provider.model].filter((model) => model !== undefined);
    this.models = server ? names.map((model) => ({ ...server, model })) : [];
  }

  onApplicationBootstrap(): void {
    void this.watch.check(this.models, this.stopping.signal);
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  @Scheduled('11 5 * * *', CheckModels, {
    purpose: 'Asks the model server which of the models in use it is going to switch off.',
    timeoutMs: 60_000,
  })
  checkModels(_: PayloadOf<typeof CheckModels>, { signal }: JobRun): Promise<void> {
    return this.watch.check(this.models, signal);
  }
}
