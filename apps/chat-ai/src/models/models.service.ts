import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ThirdParty, ThirdPartyUnavailable } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import type { Assistant } from '../assistants/assistant';
import type { ChatAiConfig } from '../chat-ai.config';
import { type ChatModel, type Listening, type ModelAnswer, ModelFailure, type ModelRequest } from './chat-model';
import { OpenAiModel } from './openai.model';
import type { PatienceLimits } from './patience';

/** The model's own limits end a call; this only catches a client that does not listen to them. */
const BACKSTOP_MS = 5000;

/** The models of all assistants, each server guarded by a circuit breaker and measured. */
@Injectable()
export class ModelsService {
  private readonly models = new Map<string, ChatModel>();
  private readonly limits: PatienceLimits;

  constructor(
    @Inject(CONFIG) config: ChatAiConfig,
    @Inject(Registry) private readonly registry: Registry,
  ) {
    this.limits = {
      firstTokenMs: config.CHAT_AI_FIRST_TOKEN_TIMEOUT_MS,
      idleMs: config.CHAT_AI_IDLE_TIMEOUT_MS,
      totalMs: config.CHAT_AI_TURN_TIMEOUT_MS,
    };
  }

  /** Undefined when none is connected. */
  of({ connection }: Assistant): ChatModel | undefined {
    if (!connection) return undefined;
    const key = `${connection.baseUrl} ${connection.apiKey ?? ''}`;
    const known = this.models.get(key);
    if (known) return known;
    const model = this.guarded(new OpenAiModel(connection, this.limits));
    this.models.set(key, model);
    return model;
  }

  private guarded(model: ChatModel): ChatModel {
    const party = new ThirdParty({
      name: 'model',
      registry: this.registry,
      timeoutMs: this.limits.totalMs + BACKSTOP_MS,
      isOutage: (error) => error instanceof ModelFailure && ['unavailable', 'timed_out'].includes(error.kind),
    });
    return {
      async answer(request: ModelRequest, { signal, onText }: Listening): Promise<ModelAnswer> {
        try {
          return await party.call('chat', (deadline) =>
            model.answer(request, { signal: AbortSignal.any([signal, deadline]), ...(onText && { onText }) }),
          );
        } catch (error) {
          if (error instanceof ModelFailure) throw error;
          const kind = error instanceof ThirdPartyUnavailable ? 'unavailable' : 'timed_out';
          throw new ModelFailure(kind, '', { cause: error });
        }
      },
    };
  }
}
