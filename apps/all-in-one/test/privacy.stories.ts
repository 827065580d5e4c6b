import { until } from '@switchboard/testing';
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
      'bot_adapter.inbound_messages',
      'bot_adapter.people',
    ]);
  });

  /** An answer to a chat that is gone by then: nobody can deliver it. */
  async function aDeadLetter(word: string): Promise<void> {
    await sandbox().script(word, `An answer about ${word}.`);
    await sandbox().pace(1000, 4);
    const emma = await Person.meet(sandbox(), 'en');
    await emma.say(`Tell me about ${word}`);
    const chats = () =>
      installation().rows('bot-adapter', 'SELECT FROM chats WHERE external_id = $1', [String(emma.id)]);
    await until(async () => (await chats()).length > 0, { what: 'the chat' });
    await installation().rows('bot-adapter', 'DELETE FROM chats WHERE external_id = $1', [String(emma.id)]);
    const dead = () =>
      installation().rows(
        'bot-adapter',
        `SELECT FROM parked_events WHERE state = 'dead' AND envelope LIKE '%"sealedfields":"text"%'`,
      );
    await until(async () => (await dead()).length > 0, { what: 'a dead letter' });
  }
}
