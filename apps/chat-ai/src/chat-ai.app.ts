import { defineApp } from '@switchboard/service-kit';
import { CreateConversations1764100000000 } from '../migrations/1764100000000-create-conversations';
import { CreateKnowledge1764100100000 } from '../migrations/1764100100000-create-knowledge';
import { CreateAccounting1764100200000 } from '../migrations/1764100200000-create-accounting';
import { ModelPrice } from './accounting/model-price.entity';
import { Usage } from './accounting/usage.entity';
import { Attachment } from './attachments/attachment.entity';
import { AssistantSection } from './assistants/assistant';
import { chatAiConfig } from './chat-ai.config';
import { chatAiDataMap } from './chat-ai.data-map';
import { ChatAiModule } from './chat-ai.module';
import { Conversation } from './conversations/conversation.entity';
import { Message } from './conversations/message.entity';
import { Turn } from './conversations/turn.entity';
import { LookAtKnowledge } from './knowledge/knowledge.loader';
import { Prompt } from './prompts/prompt.entity';

export const chatAiApp = defineApp({
  name: 'chat-ai',
  module: ChatAiModule,
  config: chatAiConfig,
  entities: [Conversation, Message, Attachment, Turn, Usage, Prompt, ModelPrice],
  migrations: [CreateConversations1764100000000, CreateKnowledge1764100100000, CreateAccounting1764100200000],
  tasks: [LookAtKnowledge],
  dataMap: chatAiDataMap,
  botSections: { assistant: AssistantSection },
  port: 4102,
});
