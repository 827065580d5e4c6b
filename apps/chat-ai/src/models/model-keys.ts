import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@switchboard/service-kit';
import type { ChatAiConfig } from '../chat-ai.config';
import type { ModelConnection } from './chat-model';

const OPENAI_URL = 'https://api.openai.com/v1';

/** The keys of this installation. Each belongs to one server and is sent to no other, whatever address is configured. */
@Injectable()
export class ModelKeys {
  private readonly keys: readonly { readonly server: string; readonly apiKey: string | undefined }[];

  constructor(@Inject(CONFIG) config: ChatAiConfig) {
    this.keys = [
      { server: config.CHAT_AI_BASE_URL ?? OPENAI_URL, apiKey: config.CHAT_AI_API_KEY },
      { server: config.CHAT_AI_FALLBACK_BASE_URL ?? OPENAI_URL, apiKey: config.CHAT_AI_FALLBACK_API_KEY },
      { server: OPENAI_URL, apiKey: config.OPENAI_API_KEY },
    ];
  }

  /**
   * Undefined when there is neither a key nor a named server: a server of one's own often asks for no key, OpenAI does.
   * @param ownKey of this server, for example from the description of a bot
   */
  connectionTo(named: string | undefined, ownKey?: string): ModelConnection | undefined {
    const baseUrl = named ?? OPENAI_URL;
    const { origin } = new URL(baseUrl);
    const apiKey = ownKey ?? this.keys.find((key) => key.apiKey && new URL(key.server).origin === origin)?.apiKey;
    return apiKey || named ? { baseUrl, apiKey } : undefined;
  }
}
