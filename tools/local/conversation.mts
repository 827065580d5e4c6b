import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './figures.mts';
import { until } from './processes.mts';
import { answerOf, type BotMessage, connectSandbox, fromBot, type SandboxClient } from './sandbox-client.mts';

/** As deploy/demo/bots numbers them. */
const [LUMEN, NORTHWIND] = [7_000_000_001, 7_000_000_002] as const;

/** Duplicates would come right after their original; this is how long they are given. */
const LATE_MS = 3000;
/** A long answer at the sandbox model's own pace takes half a minute, and one turn is killed and starts over. */
const ANSWER_WITHIN_MS = 120_000;
const STREAMS_WITHIN_MS = 20_000;

/** Answered for long enough to be interrupted. */
const LONG_QUESTIONS = ['Напиши подробно, как выбрать велосипед.', 'Напиши подробно, как ухаживать за садом.'];

/** What became of it. */
export interface Played {
  expected: number;
  got: number;
  /** Messages that a person got too often. */
  duplicates: number;
  /** Of how many people, each in a conversation of their own, how many questions there were, spoken ones included. */
  people: number;
  questions: number;
  firstDraftMsP50: number | null;
  finalMsP50: number | null;
}

interface Expectation {
  what: string;
  person: number;
  bot: number;
  saidAt: number;
  after: number;
  got?: BotMessage | undefined;
}

/**
 * Three people and two of the demo's bots, by text and by voice.
 * @param interruptions at most two; each is done while the model is in the middle of an answer to one question more
 */
export async function playConversation(
  sandboxUrl: string,
  interruptions: readonly (() => Promise<void>)[],
): Promise<Played> {
  const sandbox = await connectSandbox(sandboxUrl);
  const { telegram } = sandbox;
  const expected: Expectation[] = [];
  const [anna, ben, vera] = await Promise.all([
    telegram.addPerson({ firstName: 'Анна', languageCode: 'ru' }),
    telegram.addPerson({ firstName: 'Ben', languageCode: 'en' }),
    telegram.addPerson({ firstName: 'Вера', languageCode: 'ru' }),
  ]);

  const expectOne = async (
    what: string,
    person: number,
    bot: number,
    act: () => Promise<BotMessage>,
    fits: (message: BotMessage) => boolean,
  ) => {
    const saidAt = Date.now();
    const said = await act();
    const expectation: Expectation = { what, person, bot, saidAt, after: said.message_id };
    expected.push(expectation);
    expectation.got = await answerOf(sandbox, expectation, fits, ANSWER_WITHIN_MS);
    console.log(`${expectation.got ? '✓' : '✗'} ${what}`);
    return expectation;
  };
  const aText = (message: BotMessage) => Boolean(message.text);
  const say = (what: string, person: number, bot: number, text: string, fits = aText) =>
    expectOne(what, person, bot, () => telegram.say(person, { bot }, text), fits);

  for (const [person, bot] of [
    [anna.id, LUMEN],
    [ben.id, LUMEN],
    [vera.id, NORTHWIND],
  ] as const) {
    await expectOne('/start is greeted', person, bot, () => telegram.start(person, { bot }), aText);
  }

  const [russian, english] = await Promise.all([
    say(
      'a question in Russian is answered in Russian',
      anna.id,
      LUMEN,
      'Привет! Расскажи коротко о пользе прогулок.',
      (m) => /[а-я]{3}/i.test(m.text ?? ''),
    ),
    say(
      'a question in English is answered in English',
      ben.id,
      LUMEN,
      'Hello! Tell me briefly why walking is good.',
      (m) => /[a-z]{3}/i.test(m.text ?? ''),
    ),
    say(
      'a question about the shop is answered from its knowledge, with the source',
      vera.id,
      NORTHWIND,
      'Когда вы открыты в субботу?',
      (m) => /Источник/.test(m.text ?? ''),
    ),
  ]);

  const listen = russian.got?.reply_markup?.inline_keyboard.flat()[0];
  let voiceNote: BotMessage | undefined;
  if (listen && russian.got) {
    const answer = russian.got;
    const spoken = await expectOne(
      'an answer is spoken when asked for',
      anna.id,
      LUMEN,
      async () => (await telegram.press(anna.id, { bot: LUMEN }, answer.message_id, listen.text), answer),
      (message) => Boolean(message.voice),
    );
    voiceNote = spoken.got;
  }
  expected.push(...(voiceNote ? [] : [{ what: 'a voice note', person: anna.id, bot: LUMEN, saidAt: 0, after: 0 }]));

  if (voiceNote) {
    const { file_id: fileId, duration } = voiceNote.voice!;
    const ogg = await sandbox.file(fileId);
    await expectOne(
      'a voice message is understood and answered',
      ben.id,
      LUMEN,
      () => telegram.sendFile(ben.id, { bot: LUMEN }, 'voice', ogg, { mimeType: 'audio/ogg', duration }),
      aText,
    );
  }

  for (const [i, interrupt] of interruptions.entries()) {
    const what = 'a turn in the middle of which processes were killed is answered';
    await inTheMiddle(sandbox, () => say(what, anna.id, LUMEN, LONG_QUESTIONS[i]!), interrupt);
  }

  await sleep(LATE_MS);
  const chats = [
    { person: anna.id, bot: LUMEN, answers: 1 + interruptions.length },
    { person: ben.id, bot: LUMEN, answers: 2 },
    { person: vera.id, bot: NORTHWIND, answers: 1 },
  ];
  const duplicates = await Promise.all(
    chats.map(async ({ person, bot, answers }) => repeated(await fromBot(sandbox, person, bot), answers)),
  );
  const missing = expected.filter((expectation) => !expectation.got);
  for (const { what } of missing) console.log(`missing: ${what}`);
  return {
    expected: expected.length,
    got: expected.length - missing.length,
    duplicates: duplicates.reduce((sum, count) => sum + count),
    people: chats.length,
    questions: chats.reduce((sum, { answers }) => sum + answers, 0),
    ...(await speeds(sandbox, [russian, english])),
  };
}

/** How many messages a person got too often: the same text twice, or more ends of answers (they alone have a button) than answers. */
function repeated(messages: BotMessage[], answers: number): number {
  const contents = messages.map((message) => message.text ?? message.voice?.file_id);
  const ends = messages.filter((message) => message.text && message.reply_markup).length;
  return contents.length - new Set(contents).size + Math.max(0, ends - answers);
}

/** Interrupts while the model is in the middle of an answer. */
async function inTheMiddle(sandbox: SandboxClient, ask: () => Promise<unknown>, interrupt: () => Promise<void>) {
  const [last] = (await sandbox.telegram.calls()).slice(-1);
  const answered = ask();
  const streaming = await until(
    async () =>
      (await sandbox.telegram.calls({ since: last?.id ?? 0, method: 'sendMessageDraft' })).some(
        (call) => String(call.params.text ?? '').length > 20,
      ),
    STREAMS_WITHIN_MS,
    20,
  );
  if (!streaming) throw new Error('The answer to be interrupted never began');
  await interrupt();
  await answered;
}

/** From the person's message to the first visible text and to the whole answer, with the sandbox model's own pace in it. */
async function speeds(sandbox: SandboxClient, answers: Expectation[]) {
  const calls = await sandbox.telegram.calls();
  const firstDrafts = answers.flatMap(({ person, saidAt }) => {
    const draft = calls.find(
      (call) =>
        Number(call.params.chat_id) === person &&
        call.receivedAt >= saidAt &&
        call.method === 'sendMessageDraft' &&
        call.params.text,
    );
    return draft ? [draft.receivedAt - saidAt] : [];
  });
  const finals = answers.flatMap(({ got, saidAt }) => (got ? [got.storedAt - saidAt] : []));
  return { firstDraftMsP50: percentile(firstDrafts, 0.5), finalMsP50: percentile(finals, 0.5) };
}
