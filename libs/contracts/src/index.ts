export { defineEvent, defineSignal } from './define-event';
export type { CloudEvent, EventDefinition, EventDraft, EventOf, SignalDefinition, SignalOf } from './define-event';
export { upcast, versionsReadAs } from './upcast';
export type { ReadData, Upcast } from './upcast';
export { type Known, openWord, type OpenWord, type OpenWordSchema } from './open-word';
export { type KnownLocale, Locale, localized, nearestLocale } from './locale';
export { BotId, Channel, CostMicros, type KnownMediaKind, MediaKind, MediaRef, MediaType } from './shapes';
export { BotBudgets, BotDescription, OpeningHours, type Bot, type Budget } from './bot';
export { events, signals } from './catalog';
export { publishedSchema } from './published-schema';
export {
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  ConversationReset,
  DeliveryKind,
  type KnownDeliveryKind,
  type KnownMessageKind,
  type KnownUndeliverableReason,
  MessageDelivered,
  MessageEdited,
  MessageKind,
  MessageReceived,
  MessageUndeliverable,
  UndeliverableReason,
} from './bot-adapter.events';
export {
  type KnownReplyOutcome,
  ReplyCompleted,
  ReplyOutcome,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  ReplyTyped,
  TypingState,
  UsageRecorded,
} from './chat-ai.events';
export {
  type KnownSpeechFailure,
  type KnownTranscriptionFailure,
  SpeechCompleted,
  SpeechFailed,
  SpeechFailure,
  SpeechSpeakRequested,
  TranscriptionCompleted,
  TranscriptionFailed,
  TranscriptionFailure,
} from './tts-worker.events';
