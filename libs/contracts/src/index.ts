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
