import { MemoryTransport } from '@switchboard/bus';
import {
  AccessDelayed,
  AccessMoved,
  type EventOf,
  HandoverBegan,
  HandoverEnded,
  InvoiceFailed,
  OrderClosed,
  OrderPaid,
  OrderRefunded,
  PayoutAsked,
  PayoutDecided,
  ReferralRewarded,
  RenewalFailed,
  RenewalUpcoming,
  SubscriptionActivated,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionExpired,
  SubscriptionExpiring,
  SubscriptionPaused,
  SubscriptionRenewed,
  ConversationReset,
  IdentityLinked,
  IdentityUnlinked,
  MessageReceived,
  MessageUndeliverable,
  NoticeSendRequested,
  ReplyCompleted,
  ReplyTyped,
  SpeechCompleted,
  SpeechFailed,
  SpeechSpeakRequested,
  StaffMessageSent,
  TicketAnswerRefused,
  TicketChanged,
  TicketClosed,
  TicketOpened,
  SurveyAskRequested,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { hearsUnknownWords, type TestApp, until, UNKNOWN_WORD } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { botAdapterApp } from '../src/bot-adapter.app';
import { BOTS, hear, reply, startBotAdapter } from './start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from './start-sandbox';

const at = new Date().toISOString();
const money = { amountMinor: 19900, currency: 'RUB' };

/** What a shop hears. */
function ofShop({ chatId, botId, userId }: { chatId: string; botId: string; userId: string }) {
  const about = () => ({ orderId: uuidv7(), userId, botId, kind: 'plan' as const, ...money });
  const access = () => ({ accessId: uuidv7(), subscriptionId: uuidv7(), userId, botId, revision: 1 });
  const subscription = () => ({
    ...{
      subscriptionId: uuidv7(),
      revision: 1,
      userId,
      botId,
      planId: uuidv7(),
      level: 'plus',
      status: 'active' as const,
    },
    ...{
      startedAt: at,
      periodStart: at,
      period: { count: 1, unit: 'month' as const },
      validUntil: at,
      servedUntil: at,
    },
    ...{ features: {}, autoRenew: false },
  });
  const server = { serverId: uuidv7(), region: 'de' };
  const ticket = () => ({
    ...{ ticketId: uuidv7(), conversationId: uuidv7(), chatId, botId, channel: 'telegram', userId, brandId: botId },
    ...{ state: 'open', reason: 'asked', language: 'en', answers: 0, at },
  });
  return {
    [OrderPaid.type]: () =>
      OrderPaid({
        ...{ ...about(), provider: 'yookassa', discountMinor: 0, fromBalanceMinor: 0, late: false, paidAt: at },
      }),
    [OrderClosed.type]: () => OrderClosed({ ...about(), reason: 'expired' }),
    [OrderRefunded.type]: () =>
      OrderRefunded({
        ...{
          orderId: uuidv7(),
          refundId: uuidv7(),
          userId,
          botId,
          ...money,
          full: true,
          toBalance: true,
          cause: 'asked',
        },
      }),
    [InvoiceFailed.type]: () =>
      InvoiceFailed({
        ...{
          invoiceId: uuidv7(),
          orderId: uuidv7(),
          userId,
          botId,
          provider: 'yookassa',
          ...money,
          reason: 'declined',
        },
      }),
    [RenewalFailed.type]: () =>
      RenewalFailed({
        ...{ subscriptionId: uuidv7(), userId, botId, ...money, reason: 'declined', attempt: 1, servedUntil: at },
      }),
    [AccessDelayed.type]: () => AccessDelayed({ ...access(), reason: 'no_capacity' }),
    [AccessMoved.type]: () => AccessMoved({ ...access(), from: server, to: server, reason: 'server_down' }),
    [SubscriptionExpiring.type]: () => SubscriptionExpiring({ ...subscription(), daysLeft: 3 }),
    [SubscriptionActivated.type]: () => SubscriptionActivated(subscription()),
    [SubscriptionChanged.type]: () => SubscriptionChanged(subscription()),
    [SubscriptionEnded.type]: () => SubscriptionEnded(subscription()),
    [SubscriptionPaused.type]: () => SubscriptionPaused(subscription()),
    [SubscriptionRenewed.type]: () => SubscriptionRenewed(subscription()),
    [SubscriptionExpired.type]: () => SubscriptionExpired(subscription()),
    [RenewalUpcoming.type]: () => RenewalUpcoming({ subscriptionId: uuidv7(), userId, botId, ...money, chargeAt: at }),
    [ReferralRewarded.type]: () => ReferralRewarded({ rewardId: uuidv7(), userId, botId, level: 1, ...money }),
    [PayoutAsked.type]: () => PayoutAsked({ payoutId: uuidv7(), userId, botId, ...money }),
    [PayoutDecided.type]: () => PayoutDecided({ payoutId: uuidv7(), userId, botId, ...money, paid: true }),
    [HandoverBegan.type]: () =>
      HandoverBegan({ conversationId: uuidv7(), chatId, botId, userId, reason: 'asked', until: at }),
    [HandoverEnded.type]: () => HandoverEnded({ conversationId: uuidv7(), chatId, botId, userId, by: 'person' }),
    [TicketOpened.type]: () => TicketOpened(ticket()),
    [TicketChanged.type]: () => TicketChanged(ticket()),
    [TicketClosed.type]: () => TicketClosed(ticket()),
    [TicketAnswerRefused.type]: () => TicketAnswerRefused({ ticketId: uuidv7(), clientId: uuidv7(), reason: 'taken' }),
    [StaffMessageSent.type]: () =>
      StaffMessageSent({
        ...{
          conversationId: uuidv7(),
          chatId,
          botId,
          channel: 'telegram',
          userId,
          messageId: uuidv7(),
          ticketId: uuidv7(),
        },
        ...{ author: 'staff', text: 'Hello', locale: 'en', until: at, at },
      }),
  };
}

/** A newer version of another service says words that this one has never heard of. */
describe('words that bot-adapter does not know', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let emma: Phone;
  let heard: EventOf<typeof MessageReceived>;
  const transport = new MemoryTransport();

  beforeAll(async () => {
    telegram = await startTelegram();
    const bots = { lumen: { ...BOTS['lumen'], products: ['vpn-shop', 'assistant'] } };
    app = await startBotAdapter(telegram, { transport, bots });
    emma = await telegram.person();
    heard = await hear(app, emma, 'Hello');
  });
  afterAll(async () => {
    await app.stop();
    await transport.close();
    await telegram.close();
  });

  /** Emma wants to hear an answer. Returns what was asked of tts-worker. */
  async function asksForVoice(): Promise<EventOf<typeof SpeechSpeakRequested>> {
    const answer = 'An answer that is worth hearing.';
    await reply(app, heard, answer);
    const message = await emma.answer(({ text }) => text === answer);
    await emma.press(message.message_id, '🔊 Listen');
    return app.probe.until(SpeechSpeakRequested, ({ data }) => data.text === answer);
  }

  const identity = () => ({ identityId: uuidv7(), userId: uuidv7(), channel: 'telegram', externalId: uuidv7() });

  it('keep no event from being applied', async () => {
    const { chatId, botId, userId, messageId } = heard.data;
    const who = { chatId, botId, userId };
    await hearsUnknownWords(app, botAdapterApp, {
      [ReplyCompleted.type]: () =>
        ReplyCompleted({
          ...who,
          replyId: uuidv7(),
          locale: 'en',
          text: 'Hi',
          outcome: 'answered',
          answers: [messageId],
        }),
      [MessageUndeliverable.type]: () =>
        MessageUndeliverable({
          ...who,
          channel: 'telegram',
          deliveryId: uuidv7(),
          causeId: uuidv7(),
          reason: 'gave_up',
        }),
      [SurveyAskRequested.type]: () => SurveyAskRequested({ surveyId: uuidv7(), botId, userId, question: 'nps' }),
      [NoticeSendRequested.type]: () =>
        NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts: { en: 'Look here' } }),
      [ConversationReset.type]: () => ConversationReset({ ...who, channel: 'telegram' }),
      [SpeechCompleted.type]: () =>
        SpeechCompleted({
          speechId: uuidv7(),
          requestedBy: 'bot-adapter',
          chatId,
          audioId: 'a'.repeat(64),
          mimeType: 'audio/ogg',
          bytes: 1,
          durationMs: 1,
          engine: 'espeak',
          reused: false,
        }),
      [SpeechFailed.type]: () =>
        SpeechFailed({ speechId: uuidv7(), requestedBy: 'bot-adapter', chatId, reason: 'too_long' }),
      [IdentityLinked.type]: () => IdentityLinked({ ...identity(), linkedAt: new Date().toISOString() }),
      [IdentityUnlinked.type]: () => IdentityUnlinked({ ...identity(), unlinkedAt: new Date().toISOString() }),
      [TranscriptionFailed.type]: () => TranscriptionFailed({ ...who, messageId: uuidv7(), reason: 'too_large' }),
      ...ofShop({ chatId, botId, userId }),
    });
  });

  it('an answer with an unknown outcome, in an unknown language, is delivered and is not read aloud', async () => {
    const { chatId, botId, userId, messageId } = heard.data;
    const text = 'Come back when we open.';
    const answer = { chatId, botId, userId, replyId: uuidv7(), answers: [messageId], text };
    await app.probe.say(ReplyCompleted({ ...answer, locale: 'pt-BR', outcome: UNKNOWN_WORD }));
    const delivered = await emma.answer((message) => message.text === text);
    expect(delivered.reply_markup).toBeUndefined();
  });

  it('speech that failed for an unknown reason is answered with a general sentence', async () => {
    const { data } = await asksForVoice();
    const { speechId, chatId, requestedBy } = data;
    await app.probe.say(SpeechFailed({ speechId, requestedBy, chatId, reason: UNKNOWN_WORD }));
    await emma.answer(({ text }) => text === 'I could not record the voice message. Please try again later.');
  });

  it('a transcription that failed for an unknown reason is answered with a general sentence', async () => {
    const { chatId, botId, userId } = heard.data;
    await app.probe.say(TranscriptionFailed({ chatId, botId, userId, messageId: uuidv7(), reason: UNKNOWN_WORD }));
    await emma.answer(({ text }) => text === 'I could not understand this voice message. Please type your message.');
  });

  it('an answer in an unknown state of writing is shown as far as it is', async () => {
    const { chatId, botId } = heard.data;
    const signal = { replyId: uuidv7(), chatId, botId, state: UNKNOWN_WORD, text: 'So far' };
    transport.signal(ReplyTyped.type, JSON.stringify(ReplyTyped.schema.parse(signal)));
    const shown = async () =>
      (await telegram.calls('sendMessageDraft', emma.id)).some(({ params }) => params.text === 'So far');
    await until(shown, { what: 'the draft' });
  });
});
