export { defineEvent, defineSignal } from './define-event';
export type { CloudEvent, EventDefinition, EventDraft, EventOf, SignalDefinition, SignalOf } from './define-event';
export { upcast, versionsReadAs } from './upcast';
export type { ReadData, Upcast } from './upcast';
export { BotId, Channel, CostMicros, Locale, MediaRef } from './shapes';
export { BotBudgets, BotDescription, OpeningHours, type Bot, type Budget } from './bot';
export { events, signals } from './catalog';
export { publishedSchema } from './published-schema';
export {
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  ConversationReset,
  MessageDelivered,
  MessageEdited,
  MessageReceived,
  MessageUndeliverable,
} from './bot-adapter.events';
export { ReplyCompleted, ReplyOutcome, ReplyTyped, UsageRecorded } from './chat-ai.events';
export {
  SpeechCompleted,
  SpeechFailed,
  SpeechSpeakRequested,
  TranscriptionCompleted,
  TranscriptionFailed,
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
  RouteDefinition,
  UploadBody,
} from './define-route';
export { Actor, Instant, pageOf, PageQuery, Problem, queryList } from './api.shapes';
export { allows } from './permissions';
export { openApi } from './openapi';
export { routes, routesOf } from './routes';
export { ReadMedia, ReceiveTelegramUpdate } from './bot-adapter.api';
export { ListConversations, ReadUsage, SearchKnowledge } from './chat-ai.api';
export { DiscardDeadLetters, ListDeadLetters, ReplayDeadLetters, SummarizeDeadLetters } from './service-kit.api';
export { ReadAudio } from './tts-worker.api';
