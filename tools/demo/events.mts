import type * as contracts from '@switchboard/contracts';
import type { EventDraft } from '@switchboard/contracts';
import {
  type DemoCall,
  type DemoCompany,
  type DemoDay,
  type DemoPerson,
  type DemoTurn,
  EXPERIMENT_DAY,
} from './company.mts';
import { demoId } from './random.mts';
import type { DemoPurchase } from './sales.mts';
import { GREETING } from './talks.mts';

/** An event as `TakeDemoEvents` takes it. */
export interface PastEvent extends EventDraft {
  readonly id: string;
  readonly source: string;
  readonly time: string;
}

const CHANNEL = 'telegram';
export const EXPERIMENT_ID = demoId('experiment', GREETING);
/** What is personal is kept nowhere: it only has to be there. */
const WORDS = '…';

/** As they are imported when they have been built; a module of the other kind has no default. */
export type Contracts = Omit<typeof contracts, 'default'>;

/** What the services would have said of it, by their contracts. */
export class DemoEvents {
  private readonly contracts: Contracts;

  constructor(contracts: Contracts) {
    this.contracts = contracts;
  }

  of(company: DemoCompany, { joined, turns, surveys }: DemoDay): PastEvent[] {
    const events = [
      ...joined.flatMap((person) => this.ofPerson(person)),
      ...turns.flatMap((turn) => this.ofTurn(turn)),
      ...turns.flatMap((turn) => this.exposureOf(company, turn)),
      ...surveys.map(({ id, person, at, score }) =>
        past(
          at,
          this.contracts.SurveyAnswered({ ...inChat(person, 'lumen'), surveyId: id, question: 'nps', score }),
          id,
        ),
      ),
    ];
    return events.sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  /** What was paid, and what went back. */
  ofSale({
    id,
    subscriptionId: _,
    userId,
    botId,
    kind,
    at,
    listMinor,
    discountMinor,
    ...sale
  }: DemoPurchase): PastEvent[] {
    if (kind === 'trial') return [];
    const { OrderPaid, OrderRefunded } = this.contracts;
    const { currency, provider, campaign, promoCode, refundedAt } = sale;
    const order = { orderId: id, userId, botId, currency, amountMinor: listMinor - discountMinor };
    const paid = {
      ...{ ...order, kind, provider, discountMinor, fromBalanceMinor: 0, late: false, paidAt: at.toISOString() },
      ...(campaign !== null && { campaign }),
      ...(promoCode !== null && { promoCode }),
    };
    const back = { ...order, refundId: id, full: true, cause: 'asked', toBalance: false } as const;
    return [
      past(at, OrderPaid(paid), id),
      ...(refundedAt ? [past(refundedAt, OrderRefunded(back), demoId('refund', id))] : []),
      ...(kind === 'plan' ? this.ofVisits(id, { botId, at, campaign }) : []),
    ];
  }

  /** Of the page without an account: that of whoever bought, and others of the same hour that came less far. */
  private ofVisits(orderId: string, { botId, at, campaign }: Pick<DemoPurchase, 'botId' | 'at' | 'campaign'>) {
    const steps = ['opened', 'chosen', 'placed', 'paid', 'claimed'] as const;
    return [5, 1, 1, 2, 1, 3].flatMap((reached, visit) => {
      const visitId = demoId('visit', orderId, visit);
      return steps.slice(0, reached).map((step, n) => {
        const stepAt = new Date(at.getTime() - visit * 600_000 + (n - reached) * 40_000);
        const told = { visitId, botId, step, ...(campaign !== null && { campaign }) };
        return past(stepAt, this.contracts.ShopPageStepReached(told), visitId, step);
      });
    });
  }

  ofCall({ id, person, botId, at, ...call }: DemoCall): PastEvent {
    const usage = { cachedInputTokens: 0, estimated: false, outcome: 'answered', durationMs: 9000 } as const;
    const { userId } = person;
    return past(
      at,
      this.contracts.UsageRecorded({ ...call, ...usage, botId, userId, usageId: id, purpose: 'turn' }),
      id,
    );
  }

  private ofPerson(person: DemoPerson): PastEvent[] {
    const { ConsentGiven, ContactStarted, UserRegistered } = this.contracts;
    const { userId, locale, joinedAt, externalId } = person;
    const at = joinedAt.toISOString();
    const consent = {
      consentId: userId,
      userId,
      purpose: 'analytics',
      version: '1',
      source: 'bot',
      givenAt: at,
    } as const;
    return [
      past(joinedAt, ConsentGiven(consent), userId),
      past(joinedAt, UserRegistered({ userId, channel: CHANNEL, locale, registeredAt: at }), userId),
      ...person.bots.map((botId) =>
        past(
          joinedAt,
          ContactStarted({ ...inChat(person, botId), contactId: demoId('contact', userId, botId), externalId, locale }),
          userId,
          botId,
        ),
      ),
    ];
  }

  private ofTurn(turn: DemoTurn): PastEvent[] {
    const { MessageDelivered, MessageReceived, ReplyCompleted, ReplyRateRequested, UsageRecorded } = this.contracts;
    const { id, person, botId, at, kind, outcome, rating } = turn;
    const { userId, locale } = person;
    const { chatId, channel } = inChat(person, botId);
    const answered = new Date(at.getTime() + turn.durationMs);
    const delivered = new Date(answered.getTime() + 400);
    const messageId = demoId('question', id);
    const { model, inputTokens, cachedInputTokens, outputTokens, costMicros, durationMs } = turn;
    const usage = {
      model,
      inputTokens,
      cachedInputTokens,
      outputTokens,
      costMicros,
      durationMs,
      estimated: false,
      outcome,
    };
    return [
      past(
        at,
        MessageReceived({ chatId, botId, channel, userId, messageId, locale, kind, sentAt: at.toISOString() }),
        id,
      ),
      past(answered, UsageRecorded({ ...usage, usageId: demoId('usage', id), botId, userId, purpose: 'turn' }), id),
      past(
        answered,
        ReplyCompleted({ replyId: id, chatId, botId, userId, locale, text: WORDS, outcome, answers: [messageId] }),
        id,
      ),
      past(
        delivered,
        MessageDelivered({
          ...{ chatId, botId, channel, userId, deliveryId: demoId('delivery', id), causeId: id },
          ...{ kind: 'text', parts: 1, deliveredAt: delivered.toISOString() },
        }),
        id,
      ),
      ...(rating === null
        ? []
        : [
            past(
              new Date(delivered.getTime() + 20_000),
              ReplyRateRequested({ chatId, userId, replyId: id, rating }),
              id,
            ),
          ]),
    ];
  }

  /** Each time: the first counts. */
  private exposureOf(company: DemoCompany, { id, person, botId, at }: DemoTurn): PastEvent[] {
    const arm = company.armOf(person);
    if (!arm || botId !== 'lumen' || company.dayOf(at) < EXPERIMENT_DAY) return [];
    const exposure = {
      experimentId: EXPERIMENT_ID,
      experiment: GREETING,
      arm,
      userId: person.userId,
      reason: 'assigned',
    } as const;
    return [past(at, this.contracts.ExposureRecorded({ ...exposure, channel: CHANNEL }), id)];
  }
}

const inChat = ({ userId }: DemoPerson, botId: string) => ({
  chatId: demoId('chat', userId, botId),
  botId,
  channel: CHANNEL as 'telegram',
  userId,
});

const past = (at: Date, draft: EventDraft, ...name: string[]): PastEvent => ({
  ...draft,
  id: demoId('event', draft.type, ...name),
  source: draft.type.slice(0, draft.type.indexOf('.')),
  time: at.toISOString(),
});

/** What no contract describes: so that there is something to look at where that is set aside. */
export const unfitEvents = (at: Date): PastEvent[] =>
  ['orders.parcel.sent.v1', 'orders.parcel.lost.v1'].map((type) => ({
    id: demoId('unfit', type),
    type,
    source: 'orders',
    subject: 'demo',
    time: at.toISOString(),
    data: { weightGrams: 1200 },
  }));

/** What the experiment is for, as `DraftExperiment` takes it. */
export const experiment = {
  key: GREETING,
  // Of which no service asks: nobody real takes part.
  place: 'chat-ai.demo:lumen',
  botId: 'lumen',
  arms: [
    { key: 'control', weight: 5000, value: 'Hello! What can I do for you?' },
    { key: 'warm', weight: 5000, value: 'Nice to see you again! What is on your mind today?' },
  ],
  hypothesis: 'Who is greeted warmly finds answers worth more and says so.',
  primary: {
    key: 'liked',
    measure: { event: 'chat-ai.reply.rate-requested', aggregate: 'any', where: { rating: ['1'] } },
    goal: 'up',
  },
  secondary: [{ key: 'messages', measure: { event: 'bot-adapter.message.received', aggregate: 'count' }, goal: 'up' }],
  guardrails: [
    {
      key: 'failures',
      measure: {
        event: 'chat-ai.reply.completed',
        aggregate: 'count',
        where: { outcome: ['model_unavailable', 'timed_out'] },
      },
      per: { event: 'chat-ai.reply.completed', aggregate: 'count' },
      goal: 'down',
      tolerance: 0.1,
    },
  ],
  minimalEffect: 0.15,
  plannedPersons: 400,
  days: 28,
} as const;
