export { defineEvent, defineSignal } from './define-event';
export type {
  CloudEvent,
  EventDefinition,
  EventDraft,
  EventOf,
  SealedEventOf,
  SealedSignalOf,
  SignalDefinition,
  SignalOf,
  Upcast,
} from './define-event';
export { type Decrypted, type FieldPath, personal, personalFieldsOf, Sealed } from './personal';
export { upcast, versionsReadAs } from './upcast';
export type { ReadData } from './upcast';
export { type Known, openWord, type OpenWord, type OpenWordSchema } from './open-word';
export { type KnownLocale, Locale, localized, nearestLocale } from './locale';
export { BotId, Channel, CostMicros, MediaKind, MediaRef, MediaType } from './shapes';
export {
  BOT_SECTION_READERS,
  BotBudgets,
  BotDescription,
  CHANNEL_TOKEN,
  livesInSandbox,
  OpeningHours,
  type Bot,
  type Budget,
} from './bot';
export { events, signals } from './catalog';
export { publishedSchema } from './published-schema';
export {
  BotAdapterPersonErased,
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  ConversationReset,
  DeliveryKind,
  ErasureRequested,
  type KnownUndeliverableReason,
  MessageDelivered,
  MessageEdited,
  MessageKind,
  MessageReceived,
  MessageUndeliverable,
  PreviewsCancelled,
  UndeliverableReason,
} from './bot-adapter.events';
export {
  ChatAiPersonErased,
  ReplyCompleted,
  ReplyOutcome,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  ReplyTyped,
  TurnInterrupted,
  TypingState,
  UsageRecorded,
} from './chat-ai.events';
export { BotConfigured, BotsChanged } from './gateway.events';
export {
  type KnownSpeechCallOutcome,
  type KnownSpeechFailure,
  type KnownSpeechPurpose,
  type KnownTranscriptionFailure,
  SpeechCallOutcome,
  SpeechCompleted,
  SpeechFailed,
  SpeechFailure,
  SpeechPurpose,
  SpeechSpeakRequested,
  SpeechUsageRecorded,
  TranscriptionCompleted,
  TranscriptionFailed,
  TranscriptionFailure,
  TtsWorkerPersonErased,
} from './tts-worker.events';

// HTTP: routes, the shapes they share, and what is made from them
export {
  bytes,
  defineRoute,
  eventStream,
  form,
  isOpen,
  placeholdersOf,
  raw,
  serviceOf,
  statusOf,
  upload,
} from './define-route';
export type {
  BytesAnswer,
  EventStreamAnswer,
  FormBody,
  HttpMethod,
  Permission,
  RawBody,
  RouteRate,
  RouteDefinition,
  UploadBody,
} from './define-route';
export { Actor, FieldError, Instant, LocalizedText, pageOf, PageQuery, Problem, queryList } from './api.shapes';
export { allows } from './permissions';
export { mergedOpenApi, openApi, publicPathOf } from './openapi';
export { routes, routesOf } from './routes';
export {
  ChannelReport,
  CheckChannel,
  ConfirmWebhook,
  ListQuarantinedUpdates,
  MEDIA_KEPT_DAYS,
  ReadMedia,
  ReceiveUpdates,
  ReplayQuarantinedUpdates,
} from './bot-adapter.api';
export { ListConversations, ListKnowledgeDocuments, ReadUsage, SearchKnowledge } from './chat-ai.api';
export {
  ArchiveBot,
  BotState,
  CheckBotChannel,
  CheckBotDraft,
  CompareBotRevisions,
  CreateBot,
  EditBot,
  KeptBot,
  ListBotRevisions,
  ListBots,
  PauseBot,
  ReadBot,
  ReadBotDescriptions,
  ReadBotRevision,
  RemoveBotSecret,
  RestoreBot,
  ResumeBot,
  RollBackBot,
  SetBotSecret,
  TakeOverBot,
} from './gateway.bots.api';
export { CheckBot, DiscardDeadLetters, ListDeadLetters, ReplayDeadLetters, SummarizeDeadLetters } from './service-kit.api';
export { ReadAudio } from './tts-worker.api';
export { AccessChanged, GatewayPersonErased } from './gateway.events';
export { ReadSession, SignOut } from './gateway.session.api';
export {
  AcceptInvitation,
  BeginTotp,
  ChangePassword,
  ConfirmTotp,
  EndStaffSession,
  GrantRoles,
  InviteStaff,
  ListRoles,
  ListStaff,
  ProveAgain,
  ReadAccount,
  ReadInvitation,
  ReadStaff,
  ReinviteStaff,
  RenewRecoveryCodes,
  ResumeStaff,
  SignInWithCode,
  SignInWithPassword,
  SuspendStaff,
} from './gateway.staff.api';
export { CreateApiKey, ListApiKeys, ReportApiKey, RevokeApiKey, RotateApiKey } from './gateway.keys.api';
