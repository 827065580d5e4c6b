import {
  AllowanceChangeRequested,
  ExperimentDecided,
  ConversationReset,
  ForeignReplyNoticed,
  MessageDelivered,
  MessageEdited,
  MessageRead,
  MessageReceived,
  MessageUndeliverable,
  SurveyAnswered,
  TicketAnswerRequested,
  TranscriptionCompleted,
  TranscriptionFailed,
  WindowChanged,
} from '@switchboard/contracts';
import { hearsUnknownWords, startApp, type TestApp, UNKNOWN_WORD } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, transcriptOf, untilTrue } from './build';

/** A newer version of another service says words that this one has never heard of. */
describe('words that chat-ai does not know', () => {
  let app: TestApp;
  const person = (more = {}) => aPerson(() => app, more);

  beforeAll(async () => {
    app = await startApp(chatAiApp);
  });
  afterAll(() => app.stop());

  it('keep no event from being applied', async () => {
    const { chatId, botId, channel, userId, writes } = person();
    const who = { chatId, botId, userId };
    const inChat = { ...who, channel };
    const sentAt = new Date().toISOString();
    const voice = () => writes('', { kind: 'voice' });
    const delivery = { ...inChat, deliveryId: uuidv7(), causeId: uuidv7() };
    const samples = {
      [MessageReceived.type]: () =>
        MessageReceived({
          ...inChat,
          messageId: uuidv7(),
          locale: 'en',
          kind: 'document',
          media: { mediaId: uuidv7(), kind: 'document', mimeType: 'text/plain' },
          sentAt,
        }),
      [AllowanceChangeRequested.type]: () =>
        AllowanceChangeRequested({ userId, botId, microsPerDay: 1, until: sentAt, reason: 'unusual_usage' }),
      [ExperimentDecided.type]: () =>
        ExperimentDecided({
          experimentId: uuidv7(),
          experiment: 'lumen-warm',
          place: `chat-ai.prompt:${botId}`,
          // Nothing is put in force: there is no such prompt.
          decision: 'harmful',
          arm: 'warm',
          value: uuidv7(),
          automatic: false,
          decidedBy: { kind: 'staff', id: 'anna', roles: [] },
        }),
      [MessageEdited.type]: async () =>
        MessageEdited({ ...inChat, messageId: await writes('Hello'), text: 'Hi', sentAt }),
      [ConversationReset.type]: () => ConversationReset(inChat),
      [TranscriptionCompleted.type]: async () =>
        TranscriptionCompleted({ ...who, messageId: await voice(), text: 'Hello' }),
      [TranscriptionFailed.type]: async () =>
        TranscriptionFailed({ ...who, messageId: await voice(), reason: 'nothing_heard' }),
      [ForeignReplyNoticed.type]: () =>
        ForeignReplyNoticed({
          ...{ ...inChat, messageId: uuidv7(), by: 'channel', text: 'Hello', sentAt },
          media: { mediaId: uuidv7(), kind: 'photo', mimeType: 'image/jpeg' },
        }),
      [MessageDelivered.type]: () => MessageDelivered({ ...delivery, kind: 'staff', parts: 1, deliveredAt: sentAt }),
      [MessageUndeliverable.type]: () => MessageUndeliverable({ ...delivery, reason: 'blocked' }),
      [MessageRead.type]: () => MessageRead({ ...inChat, messageIds: [uuidv7()], readAt: sentAt }),
      [WindowChanged.type]: () => WindowChanged({ ...inChat, forPersonUntil: sentAt }),
      [SurveyAnswered.type]: () => SurveyAnswered({ ...inChat, surveyId: uuidv7(), question: 'csat', score: 5 }),
      [TicketAnswerRequested.type]: () =>
        TicketAnswerRequested({ ticketId: uuidv7(), clientId: uuidv7(), author: 'group', text: 'Hello' }),
    };
    // What these say decides whether they are heard at all.
    const deciding = [`${MessageDelivered.type} kind`, `${SurveyAnswered.type} question`];
    await hearsUnknownWords(app, chatAiApp, samples, deciding);
  });

  it('a message of an unknown kind is answered, and the assistant is told what it cannot see', async () => {
    const anna = person();
    const message = await anna.writes('', { kind: UNKNOWN_WORD });
    await anna.replyTo(message);
    const { conversations } = await transcriptOf(app, anna.chatId);
    expect(conversations[0]!.messages[0]!.text).toBe(`[${UNKNOWN_WORD}]`);
  });

  it.each([
    ['pt-BR', /^No language model/],
    ['ru-KZ', /^Языковая модель/],
  ])('who speaks %s is answered in the nearest language', async (locale, words) => {
    const someone = person({ locale });
    expect((await someone.replyTo(await someone.writes('?'))).text).toMatch(words);
  });

  it('a transcription that failed for an unknown reason is over', async () => {
    const { writes, chatId, botId, userId } = person();
    const messageId = await writes('', { kind: 'voice' });
    await app.probe.say(TranscriptionFailed({ messageId, chatId, botId, userId, reason: UNKNOWN_WORD }));
    await untilTrue('the end of it', async () => {
      const { conversations } = await transcriptOf(app, chatId);
      return conversations[0]?.messages[0]?.state === 'transcription_failed';
    });
  });
});
