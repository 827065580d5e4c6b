import {
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  ConversationReset,
  ErasureRequested,
  type EventDefinition,
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
  SpeechCompleted,
  SpeechFailed,
  SpeechUsageRecorded,
  StepReached,
  TranscriptionCompleted,
  TranscriptionFailed,
  type UiEventDefinition,
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

const rule = <E extends AnyEvent>(event: E, of: RuleFor<E>): readonly [type: string, EventRule] => [
  nameOf(event.type),
  of,
];

/** `chat-ai.usage.recorded.v1` → `chat-ai.usage.recorded`: as events and measures name it, whatever its version. */
export const nameOf = (type: string): string => type.replace(/\.v\d+$/, '');

/** `chat-ai.usage.recorded.v1` → 1 */
export const versionOf = (type: string): number => Number(/\.v(\d+)$/.exec(type)?.[1] ?? 0);

const everybody = true;

/** By name, see `nameOf`. */
export const EVENT_RULES: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  rule(ContactStarted, { everybody }),
  rule(ContactBlocked, { everybody }),
  rule(ContactUnblocked, { everybody }),
  rule(MessageReceived, { everybody, active: true, kind: 'kind' }),
  rule(MessageEdited, { everybody }),
  rule(ConversationReset, { everybody }),
  rule(MessageDelivered, { everybody, kind: 'kind', sums: ['parts'] }),
  rule(MessageUndeliverable, { everybody, outcome: 'reason' }),
  rule(ErasureRequested, { everybody }),
  rule(ReplyCompleted, { everybody, outcome: 'outcome' }),
  rule(ReplyRateRequested, { everybody, kind: 'rating' }),
  rule(ReplyRegenerateRequested, { everybody }),
  rule(ReplyStopRequested, { everybody }),
  rule(UsageRecorded, {
    everybody,
    model: 'model',
    outcome: 'outcome',
    sums: ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'],
    histogram: 'durationMs',
  }),
  rule(SpeechCompleted, { everybody, model: 'engine', sums: ['bytes', 'durationMs'] }),
  rule(SpeechFailed, { everybody, outcome: 'reason' }),
  rule(SpeechUsageRecorded, {
    everybody,
    kind: 'purpose',
    model: 'engine',
    outcome: 'outcome',
    sums: ['characters', 'audioMs', 'costMicros'],
    histogram: 'durationMs',
  }),
  rule(TranscriptionCompleted, { everybody, sums: ['durationMs'] }),
  rule(TranscriptionFailed, { everybody, outcome: 'reason' }),
  rule(PageOpened, { kind: 'page', histogram: 'ms' }),
  rule(PageClosed, { kind: 'page', sums: ['ms'] }),
  rule(StepReached, { kind: 'flow', outcome: 'step' }),
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
