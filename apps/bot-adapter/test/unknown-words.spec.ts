import { MemoryTransport } from '@switchboard/bus';
import {
  type EventOf,
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
  TranscriptionFailed,
} from '@switchboard/contracts';
import { hearsUnknownWords, type TestApp, until, UNKNOWN_WORD } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { botAdapterApp } from '../src/bot-adapter.app';
import { hear, reply, startBotAdapter } from './start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from './start-sandbox';

/** A newer version of another service says words that this one has never heard of. */
describe('words that bot-adapter does not know', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let emma: Phone;
  let heard: EventOf<typeof MessageReceived>;
  const transport = new MemoryTransport();

  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram, { transport });
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
