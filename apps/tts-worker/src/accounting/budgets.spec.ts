import {
  type BotBudgets,
  SpeechCompleted,
  SpeechFailed,
  SpeechUsageRecorded,
  TranscriptionCompleted,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { Schedules } from '@switchboard/service-kit';
import { FakeClock, startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { aSpeakRequest, aVoiceMessage } from '../../test/build';
import { json, startServer } from '../../test/openai-server';
import { hurryFailedJobs } from '../../test/until-said';
import { hangs, isDown, refuses, speaks, SPOKEN, startVoices } from '../../test/voices';
import { readOggOpus, writeOggOpus } from '../audio/ogg-opus';
import { ttsWorkerApp } from '../tts-worker.app';
import { BudgetsService } from './budgets.service';

const HOUR_MS = 3_600_000;
/** A thousandth of a dollar for a character, a hundredth for a second. */
const PRICES = { TTS_WORKER_SPEECH_PRICE_USD: '1000', TTS_WORKER_TRANSCRIPTION_PRICE_USD: '0.6' };
/** 0.03 dollars. */
const THIRTY = 'Thirty characters in this text';

let folder: string;
let voices: Awaited<ReturnType<typeof startVoices>>;
let adapter: Awaited<ReturnType<typeof startServer>>;
/** What voice messages hold. */
let recording: Buffer;
let app: TestApp;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'speech-budgets-'));
  describeBot('lumen', {});
  describeBot('eastern', { personPerDayUsd: 0.05 }, 'Asia/Vladivostok');
  describeBot('small', { personPerDayUsd: 0.008 });
  describeBot('both', { personPerDayUsd: 0.05, botPerMonthUsd: 0.1 });
  describeBot('nothing', { personPerDayUsd: 0 });
  describeBot('unlimited', { personPerDayUsd: 'unlimited', botPerMonthUsd: 'unlimited' });
  describeBot('thirteen', { personPerDayUsd: 13, botPerMonthUsd: 'unlimited' });
  describeBot('ten-cents', { personPerDayUsd: 0.1 });
  adapter = await startServer((_, response) => void response.writeHead(200).end(recording));
  voices = await startVoices(speaks);
  app = await start();
});
afterAll(async () => {
  await app.stop();
  await voices.stop();
  await adapter.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  recording = SPOKEN;
  voices.answer(speaks);
  voices.asked.splice(0);
});

function describeBot(id: string, speech: Partial<BotBudgets['speech']>, timeZone = 'UTC'): void {
  const channel = { kind: 'telegram', tokenEnv: `${id.toUpperCase()}_TOKEN` };
  writeFileSync(join(folder, '.next'), JSON.stringify({ name: id, channel, timeZone, budgets: { speech } }));
  renameSync(join(folder, '.next'), join(folder, `${id}.json`));
}

const start = (env: Record<string, string> = {}, clock = new FakeClock()) =>
  startApp(ttsWorkerApp, {
    env: { ...voices.env, ...PRICES, BOTS_FOLDER: folder, ...env },
    directory: new Map([['bot-adapter', new URL(adapter.baseUrl).origin]]),
    clock,
  });

/** Says a request and waits for its end: the engine that spoke, or the reason why none did. */
async function outcomeOf(request: ReturnType<typeof aSpeakRequest>, by = app): Promise<string> {
  await by.probe.say(request);
  const isAnswer = ({ data }: { data: { speechId: string } }) => data.speechId === request.data.speechId;
  return until(
    async () => {
      await hurryFailedJobs(by);
      const spoken = by.probe.all(SpeechCompleted).find(isAnswer);
      return spoken ? spoken.data.engine : by.probe.all(SpeechFailed).find(isAnswer)?.data.reason;
    },
    { what: 'an answer' },
  );
}

/** One person, and what was recorded of the calls made for them. */
function aPerson(botId: string, by = app) {
  const userId = uuidv7();
  return {
    userId,
    hears: (text: string) => outcomeOf(aSpeakRequest({ botId, userId, text }), by),
    usages: () =>
      by.probe
        .all(SpeechUsageRecorded)
        .map(({ data }) => data)
        .filter((usage) => usage.userId === userId),
  };
}

/** The same text for two people would be made once. */
let texts = 0;
const aText = (length = 30) => `${++texts} ${THIRTY.repeat(Math.ceil(length / 30))}`.slice(0, length);

describe('budgets of speech', () => {
  it.each(['lumen', 'in-no-file'])(
    '%s, of which nothing is said, has one: what is dearer is answered plainly',
    async (botId) => {
      const anna = aPerson(botId);
      expect(await anna.hears(aText(501))).toBe('budget_exhausted');
      expect(voices.asked).toHaveLength(0);
      expect(await anna.hears(aText(500))).toBe('openai');
      expect(anna.usages()).toHaveLength(1);
    },
  );

  it('a voice message beyond it is answered plainly as well, and nobody is asked', async () => {
    voices.answer((_, response) => json(response, 200, { text: 'Hello' }));
    const first = aVoiceMessage({ botId: 'small' });
    const second = aVoiceMessage({ botId: 'small', userId: first.data.userId });
    await app.probe.say(first);
    await app.probe.until(TranscriptionCompleted, ({ data }) => data.messageId === first.data.messageId);
    await app.probe.say(second);
    const { messageId, chatId, botId, userId } = second.data;
    const { data } = await app.probe.until(TranscriptionFailed, (event) => event.data.messageId === messageId);
    expect(data).toEqual({ messageId, chatId, botId, userId, reason: 'budget_exhausted' });
    expect(voices.asked).toHaveLength(1);
  });

  it('each call is told with what it used and cost', async () => {
    const anna = aPerson('lumen');
    await anna.hears(aText());
    voices.answer((_, response) => json(response, 200, { text: 'Hello' }));
    const message = aVoiceMessage({ userId: anna.userId });
    await app.probe.say(message);
    await app.probe.until(TranscriptionCompleted, ({ data }) => data.messageId === message.data.messageId);
    const both = {
      usageId: expect.any(String) as string,
      botId: 'lumen',
      userId: anna.userId,
      engine: 'openai',
      priceKnown: true,
      estimated: false,
      outcome: 'completed',
      durationMs: expect.any(Number) as number,
    };
    await until(() => anna.usages().length === 2, { what: 'both usages' });
    expect(anna.usages()).toEqual([
      { ...both, purpose: 'speech', model: 'a-voice', characters: 30, audioMs: 500, costMicros: 30_000 },
      // By its packets: what a decoder skips at both ends, its sender could have written.
      { ...both, purpose: 'transcription', model: 'gpt-transcribe', characters: 0, audioMs: 520, costMicros: 5_200 },
    ]);
  });

  /** The usage recorded for a voice message that the server answers so, or the reason why it was not put to it. */
  async function transcribed(answer: object, botId = 'lumen') {
    voices.answer((_, response) => json(response, 200, { text: 'Hello', ...answer }));
    const anna = aPerson(botId);
    await app.probe.say(aVoiceMessage({ botId, userId: anna.userId }));
    return until(
      () =>
        anna.usages()[0] ??
        app.probe.all(TranscriptionFailed).find(({ data }) => data.userId === anna.userId)?.data.reason,
      { what: 'a usage or a failure' },
    );
  }

  it('a recording is paid for by its packets, whatever length its sender has written into it', async () => {
    recording = writeOggOpus({ ...readOggOpus(SPOKEN), samples: 0 });
    expect(await transcribed({})).toMatchObject({ audioMs: 520, costMicros: 5_200 });
    expect(await transcribed({ duration: 0 })).toMatchObject({ audioMs: 1, costMicros: 10 });
  });

  it('a recording that cannot be measured is charged as the longest it can be, and settled by what the server says', async () => {
    // Ten seconds at 6 kbit/s.
    recording = Buffer.concat([Buffer.from('ID3\x04', 'latin1'), Buffer.alloc(7_496)]);
    expect(await transcribed({}, 'small')).toBe('budget_exhausted');
    expect(await transcribed({})).toMatchObject({ audioMs: 10_000, costMicros: 100_000 });
    expect(await transcribed({ duration: 2 })).toMatchObject({ audioMs: 2_000, costMicros: 20_000 });
    const usage = { type: 'tokens', input_tokens: 30, input_token_details: { text_tokens: 0, audio_tokens: 30 } };
    expect(await transcribed({ usage })).toMatchObject({ audioMs: 3_000, costMicros: 30_000 });
  });

  it('a person has a day and a bot has a month: one who has used up theirs takes nothing from others', async () => {
    const [anna, boris, clara, dora] = ['both', 'both', 'both', 'both'].map((botId) => aPerson(botId));
    const text = aText();
    expect(await anna!.hears(text)).toBe('openai');
    expect(await anna!.hears(aText())).toBe('budget_exhausted');
    expect(await boris!.hears(aText())).toBe('openai');
    expect(await clara!.hears(aText())).toBe('openai');
    expect(await dora!.hears(aText())).toBe('budget_exhausted');
    // Made before, so it costs nothing.
    expect(await dora!.hears(text)).toBe('openai');
  });

  it('0 allows nothing, and "unlimited" has no limit', async () => {
    expect(await aPerson('nothing').hears('Oh')).toBe('budget_exhausted');
    expect(await aPerson('unlimited').hears(aText(4000))).toBe('openai');
  });

  it("there is money again on the next day of the bot's time zone", async () => {
    // Vladivostok is ten hours ahead of UTC.
    const clock = new FakeClock(new Date('2027-03-10T13:00:00Z'));
    const then = await start({}, clock);
    const anna = aPerson('eastern', then);
    expect(await anna.hears(aText())).toBe('openai');
    expect(await anna.hears(aText())).toBe('budget_exhausted');
    clock.advance(HOUR_MS);
    expect(await anna.hears(aText())).toBe('openai');
    await then.stop();
  });

  it('a change of the file counts from the next call on', async () => {
    describeBot('growing', { personPerDayUsd: 0 });
    await until(async () => (await aPerson('growing').hears(aText())) === 'budget_exhausted', { what: 'the bot' });
    describeBot('growing', {});
    await until(async () => (await aPerson('growing').hears(aText())) === 'openai', { what: 'the change' });
  });

  it('of those who want the same, the first who can pay for it does', async () => {
    const [poor, rich] = [aPerson('nothing'), aPerson('lumen')];
    const text = aText();
    expect(await Promise.all([poor.hears(text), rich.hears(text)])).toEqual(['budget_exhausted', 'openai']);
    expect([poor.usages().length, rich.usages().length]).toEqual([0, 1]);
  });

  it('calls side by side cannot together spend more than there is', async () => {
    const anna = aPerson('ten-cents');
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => anna.hears(aText())));
    expect(outcomes.filter((outcome) => outcome === 'openai')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'budget_exhausted')).toHaveLength(5);
    expect(voices.asked).toHaveLength(3);
  });

  it.each([
    ['refused', refuses],
    ['not taken', isDown],
  ])('a call that was %s costs nothing, and neither does the offline engine', async (_, answer) => {
    voices.answer(answer);
    const anna = aPerson('lumen');
    expect(await anna.hears(aText())).toBe('espeak');
    expect(anna.usages()).toMatchObject([{ engine: 'espeak', characters: 30, costMicros: 0, priceKnown: true }]);
    voices.answer(speaks);
    expect(await anna.hears(aText(500))).toBe('openai');
  });

  it('a call without an answer is paid for: nobody knows that it was not done', async () => {
    const hasty = await start({ TTS_WORKER_SPEECH_DEADLINE_SECONDS: '3' });
    voices.answer(hangs, speaks);
    const anna = aPerson('lumen', hasty);
    expect(await anna.hears(aText())).toBe('openai');
    expect(anna.usages()).toMatchObject([
      { outcome: 'failed', estimated: true, costMicros: 30_000 },
      { outcome: 'completed', estimated: false, costMicros: 30_000 },
    ]);
    await hasty.stop();
  });

  it('of a long text that breaks off only the pieces that were sent are paid for', async () => {
    const alone = await start({ TTS_WORKER_SPEECH_ENGINE: 'openai' });
    voices.answer(speaks, refuses);
    const anna = aPerson('unlimited', alone);
    const text = 'One sentence after the other, all of them of the same length. '.repeat(70);
    expect(await anna.hears(text)).toBe('engine_failed');
    const { length } = (JSON.parse(String(voices.asked[0]!.body)) as { input: string }).input;
    expect(anna.usages()).toMatchObject([
      { outcome: 'failed', characters: length, costMicros: length * 1000, estimated: true },
    ]);
    await alone.stop();
  });

  it('a long text that timed out near its end is paid for once, but for the piece that timed out', async () => {
    const hasty = await start({ TTS_WORKER_SPEECH_ENGINE: 'openai', TTS_WORKER_SPEECH_DEADLINE_SECONDS: '1' });
    voices.answer(speaks, hangs, speaks);
    const anna = aPerson('thirteen', hasty);
    // Two pieces at four dollars each, of which the second is paid for twice: a third time four would be too much.
    expect(await anna.hears('One sentence after the other, all of them of the same length. '.repeat(118))).toBe(
      'openai',
    );
    const [whole, again] = anna.usages();
    const { length } = (JSON.parse(String(voices.asked[2]!.body)) as { input: string }).input;
    expect(again).toMatchObject({ outcome: 'completed', characters: length });
    expect(whole!.characters).toBeGreaterThan(2 * length);
    await hasty.stop();
  });

  it('a process that is killed in mid-call has paid for the call, and the next one pays for its own', async () => {
    const pending: (() => void)[] = [];
    voices.answer((asked, response) => void pending.push(() => speaks(asked, response)), speaks);
    const anna = aPerson('ten-cents');
    const spoken = anna.hears(aText());
    await until(() => pending.length === 1, { what: 'the call' });
    // What a kill leaves behind; the killed process itself is played by the call that goes on.
    const { db } = app.service;
    await db.query('UPDATE tts_worker_jobs._private_job_queues SET locked_at = NULL, locked_by = NULL');
    await db.query('UPDATE tts_worker_jobs._private_jobs SET locked_at = NULL, locked_by = NULL');
    expect(await spoken).toBe('openai');
    pending[0]!();
    expect(anna.usages()).toMatchObject([
      { outcome: 'interrupted', estimated: true, costMicros: 30_000 },
      { outcome: 'completed', estimated: false, costMicros: 30_000 },
    ]);
    expect(await anna.hears(aText(40))).toBe('openai');
    expect(await anna.hears(aText(10))).toBe('budget_exhausted');
  });

  it('a call is not made again because the database was away when its result was to be kept', async () => {
    const anna = aPerson('lumen');
    const planned = {
      job: 'speech:kept',
      purpose: 'speech',
      engine: 'openai',
      model: 'a-voice',
      characters: 30,
      audioMs: 500,
    } as const;
    let [calls, commits] = [0, 0];
    const result = await app.service.nest.get(BudgetsService, { strict: false }).charged(
      { ...planned, payer: { botId: 'lumen', userId: anna.userId } },
      async (meter) => {
        calls += 1;
        return meter.count({ characters: 30, audioMs: 500 }, () => Promise.resolve('sound'));
      },
      async (tx) => {
        commits += 1;
        if (commits === 1) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      },
    );
    expect([result, calls, commits]).toEqual(['sound', 1, 2]);
    await until(() => anna.usages().length === 1, { what: 'the usage' });
    expect(anna.usages()).toMatchObject([{ outcome: 'completed', costMicros: 30_000 }]);
  });

  it('a call that was cut by a kill and never tried again is told a day later', async () => {
    const { db } = app.service;
    const anna = aPerson('lumen');
    await db.query(
      `INSERT INTO reservations (id, job, bot_id, user_id, day, month, purpose, engine, model, characters, audio_ms, micros, price_known, reserved_at)
       VALUES (gen_random_uuid(), 'speech:none', 'lumen', $1, now(), now(), 'speech', 'openai', 'a-voice', 30, 3000, 30000, true, $2)`,
      [anna.userId, new Date(app.clock.now().getTime() - 25 * HOUR_MS)],
    );
    await app.service.nest.get(Schedules).runSlot('close-reservations', app.clock.now());
    await until(() => anna.usages().length === 1, { what: 'the usage' });
    expect(anna.usages()).toMatchObject([{ outcome: 'interrupted', estimated: true, costMicros: 30_000 }]);
  });
});
