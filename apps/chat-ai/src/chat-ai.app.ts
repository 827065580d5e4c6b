import { defineApp } from '@switchboard/service-kit';
import { CreateConversations1764100000000 } from '../migrations/1764100000000-create-conversations';
import { CreateKnowledge1764100100000 } from '../migrations/1764100100000-create-knowledge';
import { CreateAccounting1764100200000 } from '../migrations/1764100200000-create-accounting';
import { CreatePrompts1764100300000 } from '../migrations/1764100300000-create-prompts';
import { CreateUnanswered1764100400000 } from '../migrations/1764100400000-create-unanswered';
import { CreateTools1764300000000 } from '../migrations/1764300000000-create-tools';
import { LabelMessages1764640000000 } from '../migrations/1764640000000-label-messages';
import { CreateAnswerCache1764640100000 } from '../migrations/1764640100000-create-answer-cache';
import { CreateDesk1764630000000 } from '../migrations/1764630000000-create-desk';
import { OneTalkOfAPerson1764630100000 } from '../migrations/1764630100000-one-talk-of-a-person';
import { PromptsByScenario1764640200000 } from '../migrations/1764640200000-prompts-by-scenario';
import { ModelPrice } from './accounting/model-price.entity';
import { Usage } from './accounting/usage.entity';
import { Attachment } from './attachments/attachment.entity';
import { AssistantSection, DeskSection, StaffSection } from './assistants/assistant';
import { chatAiConfig } from './chat-ai.config';
import { chatAiDataMap } from './chat-ai.data-map';
import { ChatAiModule } from './chat-ai.module';
import { Conversation } from './conversations/conversation.entity';
import { Message } from './conversations/message.entity';
import { Turn } from './conversations/turn.entity';
import { Ticket } from './desk/ticket.entity';
import { KnowledgeEntry } from './knowledge/knowledge-entry.entity';
import { LookAtKnowledge } from './knowledge/knowledge.loader';
import { OwnScenario } from './labels/scenario.entity';
import { Prompt } from './prompts/prompt.entity';
import { PromptDraft } from './prompts/prompt-draft.entity';
import { PromptRelease } from './prompts/prompt-release.entity';
import { LookAtPrompts } from './prompts/prompts.service';
import { Confirmation } from './tools/confirmation.entity';
import { UnansweredGroup } from './unanswered/unanswered-group.entity';
import { UnansweredQuestion } from './unanswered/unanswered-question.entity';

export const chatAiApp = defineApp({
  name: 'chat-ai',
  module: ChatAiModule,
  config: chatAiConfig,
  entities: [
    Conversation,
    Message,
    Attachment,
    Ticket,
    Turn,
    Usage,
    ModelPrice,
    Prompt,
    PromptRelease,
    PromptDraft,
    KnowledgeEntry,
    OwnScenario,
    Confirmation,
    UnansweredGroup,
    UnansweredQuestion,
  ],
  migrations: [
    CreateConversations1764100000000,
    CreateKnowledge1764100100000,
    CreateAccounting1764100200000,
    CreatePrompts1764100300000,
    CreateUnanswered1764100400000,
    CreateTools1764300000000,
    LabelMessages1764640000000,
    CreateAnswerCache1764640100000,
    CreateDesk1764630000000,
    OneTalkOfAPerson1764630100000,
    PromptsByScenario1764640200000,
  ],
  tasks: [LookAtKnowledge, LookAtPrompts],
  dataMap: chatAiDataMap,
  botSections: { assistant: AssistantSection, desk: DeskSection, staff: StaffSection },
  port: 4102,
});
