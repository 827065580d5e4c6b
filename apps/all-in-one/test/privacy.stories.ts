import { ReplyCompleted } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import type { Installation } from './installation';
import { type Overheard, overhear } from './overheard';
import { Person } from './person';

/** What people say and are called, each word nowhere else in the world. */
const WORDS = {
  firstName: 'Zyxolith',
  deepLink: 'quibberjast',
  said: 'vorpelnack',
  edited: 'wumpledrift',
  answered: 'glimmerfax',
  caption: 'trundlewisp',
  fileName: 'snorkelbaum',
  spoken: 'hummelgrove',
  saidInGroup: 'fizzlethorn',
  quoted: 'brambleoak',
  failed: 'krimpelwood',
} as const;

/** What of a person's words lies about in the clear, and where it should not. */
export function privacyStories(installation: () => Installation): void {
  const sandbox = () => installation().sandbox;
  let overheard: Overheard;

  beforeAll(async () => {
    overheard = await overhear(installation().databaseUrl, installation().amqpUrl);
  });
  afterAll(() => overheard?.stop());

  it('no word of a person is written to a table or a queue in the clear, however it was said', async () => {
    await sandbox().script(WORDS.said, `An answer about ${WORDS.answered}.`);
    const anna = await Person.meet(sandbox(), 'en', undefined, WORDS.firstName);
    await anna.act('start', { payload: WORDS.deepLink });
    await anna.reads(/Hello/);
    await anna.say('/voice');
    await anna.press(await anna.reads(/by voice/), 'Text and voice');
    const question = await anna.say(`Tell me about ${WORDS.said}`);
    await anna.reads(new RegExp(WORDS.answered));
    const { voice } = await anna.reads(({ voice }) => voice !== undefined);
    await anna.act('edit', { messageId: question.message_id, text: `I meant ${WORDS.edited}` });
    await anna.act('send-file', {
      kind: 'document',
      base64: Buffer.from('some bytes').toString('base64'),
      fileName: `${WORDS.fileName}.pdf`,
      mimeType: 'application/pdf',
      caption: `What is ${WORDS.caption}?`,
    });
    await anna.reads(new RegExp(WORDS.caption));
    await sandbox().scriptTranscript(`I say ${WORDS.spoken}`);
    await anna.sendVoice(await sandbox().file(voice!.file_id), voice!.duration);
    await anna.reads(new RegExp(WORDS.spoken));
    const group = await anna.inGroup();
    const first = await group.say(`@lumen_bot what is ${WORDS.quoted}?`);
    await group.reads(new RegExp(WORDS.quoted));
    await group.act('say', { text: `@lumen_bot and ${WORDS.saidInGroup}?`, replyTo: first.message_id });
    await group.reads(new RegExp(WORDS.saidInGroup));
    await aDeadLetter(WORDS.failed);

    const leaks = [];
    for (const [what, word] of Object.entries(WORDS)) {
      for (const place of await overheard.placesOf(word)) leaks.push(`${what}: ${place}`);
    }
    expect(leaks).toEqual([]);
    // It did listen where words pass by.
    expect(await overheard.places()).toEqual(
      expect.arrayContaining([
        'bot_adapter.contacts',
        'bot_adapter.deliveries',
        'bot_adapter.outbox',
        'bot_adapter.parked_events',
        'bot_adapter_jobs._private_jobs',
        'chat_ai.messages',
        'chat_ai.outbox',
        'tts_worker.speech_requests',
        ...(installation().amqpUrl ? ['broker events', 'broker signals'] : []),
      ]),
    );
  }, 120_000);

  it("the channel's id of a person lies in these places only", async () => {
    const anna = await Person.meet(sandbox(), 'en');
    await anna.say('Why is walking good?');
    await anna.reads(/walking/);
    // To be told apart and written to; to be encrypted, with a hash to be found by.
    expect(await overheard.placesOf(String(anna.id))).toEqual([
      'bot_adapter.chats',
      'bot_adapter.contacts',
      'bot_adapter.people',
    ]);
  });

  /** An answer to a chat that does not exist: nobody can deliver it. */
  async function aDeadLetter(word: string): Promise<void> {
    const chatId = uuidv7();
    const about = { chatId, botId: 'lumen', userId: uuidv7(), locale: 'en', outcome: 'answered' } as const;
    await installation().say(
      'chat-ai',
      ReplyCompleted({ ...about, replyId: uuidv7(), text: word, answers: [uuidv7()] }),
    );
    const dead = () =>
      installation().rows<{ envelope: string }>(
        'bot-adapter',
        `SELECT envelope FROM parked_events WHERE subject = $1 AND state = 'dead'`,
        [chatId],
      );
    const [letter] = await until(async () => (await dead()).length > 0 && dead(), { what: 'a dead letter' });
    expect(letter!.envelope).toContain('"sealedfields":"text"');
  }
}
