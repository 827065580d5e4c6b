import type {
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  ConversationReset,
  ErasureRequested,
  EventDefinition,
  MessageDelivered,
  MessageEdited,
  MessageReceived,
  MessageUndeliverable,
  PageClosed,
  PageOpened,
  ReplyCompleted,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  ShopPageStepReached,
  SpeechCompleted,
  SpeechFailed,
  SpeechUsageRecorded,
  StepReached,
  TranscriptionCompleted,
  TranscriptionFailed,
  UiEventDefinition,
  UsageRecorded,
} from '@switchboard/contracts';
import type { z } from 'zod';

/** What is counted of one type of event; everything is counted by type, bot and platform anyway. */
export interface EventRule {
  /**
   * Counted also of people who have not consented, without anything of theirs: money, security, and what it takes to see whether
   * the service works. All else of them is dropped.
   */
  readonly everybody?: true;
  /**
   * By such an event a person counts as active. A field: only if it is above zero.
   * Source: definition of the active user for all boards; opening something or getting a notice is none.
   */
  readonly active?: true | string;
  /** The fields by whose values it is told apart, beside bot and platform. */
  readonly kind?: string;
  readonly model?: string;
  readonly outcome?: string;
  /** Fields that are added up. */
  readonly sums?: readonly string[];
  /** A duration in milliseconds that is counted by BOUNDS_MS. */
  readonly histogram?: string;
}

/** Upper bounds of the histogram of durations, in milliseconds; the last one stands for all that is longer. */
export const BOUNDS_MS = [
  50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 30_000, 60_000, 2_147_483_647,
] as const;

type AnyEvent = EventDefinition | UiEventDefinition;
type FieldOf<E extends AnyEvent> = keyof z.output<E['schema']> & string;
type RuleFor<E extends AnyEvent> = Omit<EventRule, 'sums'> & { readonly sums?: readonly FieldOf<E>[] } & {
  readonly [part in 'kind' | 'model' | 'outcome' | 'histogram']?: FieldOf<E>;
};

/** Checked against the contract: there is such an event, and it has these fields. */
const rule = <E extends AnyEvent>(type: E['type'], of: RuleFor<E>): readonly [name: string, EventRule] => [
  nameOf(type),
  of,
];

/** `chat-ai.usage.recorded.v1` → `chat-ai.usage.recorded`: as events and measures name it, whatever its version. */
export const nameOf = (type: string): string => type.replace(/\.v\d+$/, '');

/** `chat-ai.usage.recorded.v1` → 1 */
export const versionOf = (type: string): number => Number(/\.v(\d+)$/.exec(type)?.[1] ?? 0);

const everybody = true;

/** By name, see `nameOf`. */
export const EVENT_RULES: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  rule<typeof ContactStarted>('bot-adapter.contact.started.v1', { everybody }),
  rule<typeof ContactBlocked>('bot-adapter.contact.blocked.v1', { everybody }),
  rule<typeof ContactUnblocked>('bot-adapter.contact.unblocked.v1', { everybody }),
  rule<typeof MessageReceived>('bot-adapter.message.received.v1', { everybody, active: true, kind: 'kind' }),
  rule<typeof MessageEdited>('bot-adapter.message.edited.v1', { everybody }),
  rule<typeof ConversationReset>('bot-adapter.conversation.reset.v1', { everybody }),
  rule<typeof MessageDelivered>('bot-adapter.message.delivered.v1', { everybody, kind: 'kind', sums: ['parts'] }),
  rule<typeof MessageUndeliverable>('bot-adapter.message.undeliverable.v1', { everybody, outcome: 'reason' }),
  rule<typeof ErasureRequested>('bot-adapter.erasure.requested.v1', { everybody }),
  rule<typeof ReplyCompleted>('chat-ai.reply.completed.v1', { everybody, outcome: 'outcome' }),
  rule<typeof ReplyRateRequested>('chat-ai.reply.rate-requested.v1', { everybody, kind: 'rating' }),
  rule<typeof ReplyRegenerateRequested>('chat-ai.reply.regenerate-requested.v1', { everybody }),
  rule<typeof ReplyStopRequested>('chat-ai.reply.stop-requested.v1', { everybody }),
  rule<typeof UsageRecorded>('chat-ai.usage.recorded.v1', {
    everybody,
    kind: 'purpose',
    model: 'model',
    outcome: 'outcome',
    sums: ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'],
    histogram: 'durationMs',
  }),
  rule<typeof SpeechCompleted>('tts-worker.speech.completed.v1', {
    everybody,
    model: 'engine',
    sums: ['bytes', 'durationMs'],
  }),
  rule<typeof SpeechFailed>('tts-worker.speech.failed.v1', { everybody, outcome: 'reason' }),
  rule<typeof SpeechUsageRecorded>('tts-worker.usage.recorded.v1', {
    everybody,
    kind: 'purpose',
    model: 'engine',
    outcome: 'outcome',
    sums: ['characters', 'audioMs', 'costMicros'],
    histogram: 'durationMs',
  }),
  rule<typeof TranscriptionCompleted>('tts-worker.transcription.completed.v1', { everybody, sums: ['durationMs'] }),
  rule<typeof TranscriptionFailed>('tts-worker.transcription.failed.v1', { everybody, outcome: 'reason' }),
  rule<typeof PageOpened>('analytics.page.opened.v1', { kind: 'page', histogram: 'ms' }),
  rule<typeof PageClosed>('analytics.page.closed.v1', { kind: 'page', sums: ['ms'] }),
  rule<typeof StepReached>('analytics.step.reached.v1', { kind: 'flow', outcome: 'step' }),
  rule<typeof ShopPageStepReached>('payments.shop-page.step-reached.v1', {
    everybody,
    kind: 'campaign',
    outcome: 'step',
  }),
  // Of services whose contracts come later.
  ['chat-ai.practice.finished', { active: true }],
  ['payments.order.paid', { everybody, active: true, kind: 'currency', sums: ['amountMinor'] }],
  ['payments.order.refunded', { everybody, kind: 'currency', sums: ['amountMinor'] }],
  ['pets-game.care.given', { active: true, kind: 'action' }],
  ['pets-game.game.finished', { active: true }],
  ['vpn-provisioner.usage.recorded', { active: 'bytes', sums: ['bytes'] }],
]);

/** Whatever these say is about money or security. */
const COUNTED_SERVICES = ['gateway', 'payments'];

/** Whether events of a type are counted of everybody: see `EventRule.everybody`. */
export const isCountedOfEverybody = (name: string): boolean =>
  EVENT_RULES.get(name)?.everybody ?? COUNTED_SERVICES.includes(name.slice(0, name.indexOf('.')));

/** The types of events by which a person counts as active. */
export const ACTIVE_TYPES: readonly string[] = [...EVENT_RULES]
  .filter(([, { active }]) => active)
  .map(([name]) => name);
