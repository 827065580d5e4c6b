import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, rssMb } from '../local/figures.mts';
import { type Installation, startInstallation } from '../local/installation.mts';
import { until } from '../local/processes.mts';
import { answerOf, type BotMessage, connectSandbox, fromBot, type SandboxClient } from '../local/sandbox-client.mts';
import { build } from './build.mts';

/** As deploy/demo/bots numbers them. */
const [LUMEN, NORTHWIND] = [7_000_000_001, 7_000_000_002] as const;

/** Duplicates would come right after their original; this is how long they are given. */
const LATE_MS = 3000;
/** A long answer at the sandbox model's own pace takes half a minute, and one turn is killed and starts over. */
const ANSWER_WITHIN_MS = 120_000;

interface Expectation {
  what: string;
  person: number;
  bot: number;
  saidAt: number;
  after: number;
  got?: BotMessage | undefined;
}

/** `npm run smoke`: three people, voice both ways and one kill -9, on free ports and in a temporary folder. */
export async function main(): Promise<number> {
  await build();
  const stateDir = mkdtempSync(join(tmpdir(), 'switchboard-smoke-'));
  const began = Date.now();
  let installation: Installation | undefined;
  try {
    installation = await startInstallation({ stateDir, ports: 'free' });
    const readyMs = Date.now() - began;
    const report = await play(installation);
    console.log(JSON.stringify({ ...report, readyMs, rssMb: rssMb(installation.apps.pid) }));
    return report.ok ? 0 : 1;
  } finally {
    await installation?.stop();
    if (existsSync(stateDir)) rmSync(stateDir, { recursive: true, force: true });
  }
}

async function play(installation: Installation) {
  const sandbox = await connectSandbox(installation.sandboxUrl);
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

  await killInTheMiddle(installation, sandbox, say, anna.id);

  await sleep(LATE_MS);
  const chats = [
    { person: anna.id, bot: LUMEN, answers: 2 },
    { person: ben.id, bot: LUMEN, answers: 2 },
    { person: vera.id, bot: NORTHWIND, answers: 1 },
  ];
  const duplicates = await Promise.all(
    chats.map(async ({ person, bot, answers }) => repeated(await fromBot(sandbox, person, bot), answers)),
  );
  const missing = expected.filter((expectation) => !expectation.got);
  for (const { what } of missing) console.log(`missing: ${what}`);
  return {
    ok: missing.length === 0 && duplicates.every((count) => count === 0),
    repliesExpected: expected.length,
    repliesGot: expected.length - missing.length,
    duplicates: duplicates.reduce((sum, count) => sum + count),
    ...(await speeds(sandbox, [russian, english])),
  };
}

/** How many messages a person got too often: the same text twice, or more ends of answers (they alone have a button) than answers. */
function repeated(messages: BotMessage[], answers: number): number {
  const contents = messages.map((message) => message.text ?? message.voice?.file_id);
  const ends = messages.filter((message) => message.text && message.reply_markup).length;
  return contents.length - new Set(contents).size + Math.max(0, ends - answers);
}

/** Kills the services with -9 while the model is in the middle of an answer, and starts them again. */
async function killInTheMiddle(
  installation: Installation,
  sandbox: SandboxClient,
  say: (what: string, person: number, bot: number, text: string) => Promise<Expectation>,
  person: number,
) {
  const [last] = (await sandbox.telegram.calls()).slice(-1);
  const answered = say(
    'a turn that was killed in the middle is answered after the restart',
    person,
    LUMEN,
    'Напиши подробно, как выбрать велосипед.',
  );
  const streaming = await until(
    async () =>
      (await sandbox.telegram.calls({ since: last?.id ?? 0, method: 'sendMessageDraft' })).some(
        (call) => String(call.params.text ?? '').length > 20,
      ),
    20_000,
    20,
  );
  if (!streaming) throw new Error('The answer to be interrupted never began');
  installation.apps.kill('SIGKILL');
  await installation.restartApps();
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
