import { Module } from '@nestjs/common';
import { BotServers, BotsRegistry, CONFIG, type SharedConfig } from '@switchboard/service-kit';
import type { ChatAiConfig } from '../chat-ai.config';
import { EmbeddingsService } from './embeddings.service';
import { ModelKeys } from './model-keys';
import { ModelsService } from './models.service';

const botServers = {
  provide: BotServers,
  inject: [CONFIG, BotsRegistry],
  useFactory: (config: ChatAiConfig & SharedConfig, bots: BotsRegistry) => {
    const { CHAT_AI_BASE_URL, CHAT_AI_FALLBACK_BASE_URL, CHAT_AI_SANDBOX_BASE_URL, CHAT_AI_EMBEDDINGS_BASE_URL } =
      config;
    const ofVariables = [
      CHAT_AI_BASE_URL,
      CHAT_AI_FALLBACK_BASE_URL,
      CHAT_AI_SANDBOX_BASE_URL,
      CHAT_AI_EMBEDDINGS_BASE_URL,
    ];
    const servers = new BotServers(config, ofVariables);
    bots.addServers(servers, ['assistant.baseUrl', 'assistant.fallback.baseUrl']);
    return servers;
  },
};

@Module({
  providers: [botServers, EmbeddingsService, ModelKeys, ModelsService],
  exports: [BotServers, EmbeddingsService, ModelKeys, ModelsService],
})
export class ModelsModule {}
