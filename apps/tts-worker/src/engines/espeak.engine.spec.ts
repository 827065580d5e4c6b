import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { decode, rawPages, rootMeanSquare } from '../../test/ogg-reader';
import { oggDurationMs } from '../audio/ogg-opus';
import { CallMeter } from './call-meter';
import { EngineTimedOut, NothingToSay, UnknownVoice } from './engine-errors';
import { EspeakEngine, espeakTaskFor } from './espeak.engine';

// The speaking process runs as built JavaScript: `npm run build` before this spec when run by hand.
const engine = new EspeakEngine();
const never = new AbortController().signal;
const say = (text: string, rest: { locale?: 'ru' | 'en'; voice?: string; speed?: number } = {}) =>
  engine.synthesize({ text, locale: 'ru', ...rest }, never, new CallMeter());

afterAll(() => engine.close());

describe('speech of eSpeak NG', () => {
  it.each([
    ['ru', 'Привет! Это проверка русского голоса.'],
    ['en', 'Hello! This is a test of the English voice.'],
  ] as const)('%s text becomes Ogg/Opus with sound in it', async (locale, text) => {
    const { ogg, durationMs } = await say(text, { locale });
    expect(rawPages(ogg).every((page) => page.crcIsRight)).toBe(true);
    expect(oggDurationMs(ogg)).toBe(durationMs);
    expect(durationMs).toBeGreaterThan(1_500);
    expect(durationMs).toBeLessThan(6_000);
    expect(rootMeanSquare(decode(ogg))).toBeGreaterThan(800);
  });

  it('sounds like speech and not like noise or like samples cut to bytes', async () => {
    const heard = decode((await say('Мама мыла раму, а рама была большая.')).ogg);
    // Neighbouring samples of speech at 48 kHz are alike.
    let alike = 0;
    for (let at = 1; at < heard.length; at += 1) alike += heard[at]! * heard[at - 1]!;
    expect(alike / heard.reduce((sum, sample) => sum + sample * sample, 0)).toBeGreaterThan(0.8);
  });

  it('the female voice is higher than the male one, and the whisper has no pitch', async () => {
    const [male, female, whisper] = await Promise.all(
      ['male', 'female', 'whisper'].map(async (voice) => pitchOf(decode((await say('Мама мыла раму', { voice })).ogg))),
    );
    expect(male!.clarity).toBeGreaterThan(0.5);
    expect(female!.hertz).toBeGreaterThan(1.3 * male!.hertz);
    expect(whisper!.clarity).toBeLessThan(0.6 * male!.clarity);
  });

  it('twice the speed takes about half the time', async () => {
    const text = 'Сегодня мы поговорим о том, как устроен наш сервис.';
    const [usual, fast] = [await say(text), await say(text, { speed: 2 })];
    expect(fast.durationMs / usual.durationMs).toBeGreaterThan(0.4);
    expect(fast.durationMs / usual.durationMs).toBeLessThan(0.65);
  });

  it('a text of thousands of characters is spoken to its end', async () => {
    const sentence = 'Это одно из многих предложений длинного рассказа. ';
    const [one, forty] = [await say(sentence), await say(sentence.repeat(40))];
    expect(forty.durationMs / one.durationMs).toBeGreaterThan(39.5);
    expect(forty.durationMs / one.durationMs).toBeLessThan(40.5);
  });

  it('tags and phoneme marks in a text order nothing', async () => {
    const { durationMs } = await say('Да <break time="600s"/> нет [[h@l]] & всё.');
    expect(durationMs).toBeLessThan(15_000);
  });

  it.each(['', '  \n', '...', '— ! —', '🎉🎉'])('%j is nothing to say', async (text) => {
    await expect(say(text)).rejects.toThrow(NothingToSay);
  });

  it('a voice it does not have is named in the error', async () => {
    await expect(say('Привет', { voice: 'alloy' })).rejects.toThrow(UnknownVoice);
    await expect(say('Привет', { voice: 'toString' })).rejects.toThrow('"toString"');
  });

  it('an aborted speech ends at once and the next one is spoken', async () => {
    const abort = new AbortController();
    const long = engine.synthesize(
      { text: 'Очень длинный текст. '.repeat(300), locale: 'ru' },
      abort.signal,
      new CallMeter(),
    );
    abort.abort(new Error('cancelled'));
    await expect(long).rejects.toThrow('cancelled');
    expect((await say('Снова')).durationMs).toBeGreaterThan(100);
  });

  it('a speech longer than its deadline is given up', async () => {
    const hasty = new EspeakEngine({ deadlineMs: 1 });
    await expect(hasty.synthesize({ text: 'Привет', locale: 'ru' }, never, new CallMeter())).rejects.toThrow(
      EngineTimedOut,
    );
    await hasty.close();
  });

  it("the service's event loop turns while a long text is spoken", async () => {
    const start = performance.now();
    let longest = 0;
    let last = start;
    const clock = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    await say('Это одно из многих предложений длинного рассказа. '.repeat(40));
    clearInterval(clock);
    expect(last - start).toBeGreaterThan(500);
    expect(longest).toBeLessThan((last - start) / 4);
  });

  it('dies with its service, even when that is killed', async () => {
    const built = join(__dirname, '../../dist/src/engines');
    const task = espeakTaskFor({ text: 'Да', locale: 'ru' });
    const script = `const { WarmProcess } = require(${JSON.stringify(join(built, 'warm-process.js'))});
      const file = ${JSON.stringify(join(built, 'espeak.process.js'))};
      const worker = new WarmProcess('espeak', file, { deadlineMs: 20_000, recycleAfter: 9 });
      worker.ask(${JSON.stringify(task)}, new AbortController().signal).then(() => console.log(worker.pid));
      setInterval(() => {}, 1_000);`;
    const service = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    service.kill('SIGKILL');
    while (isAlive(pid)) await new Promise(setImmediate);
  });
});

describe('what the process is asked', () => {
  it('sentences one by one, each in the voice of its language, with pauses between', () => {
    expect(
      espeakTaskFor({ text: 'Фраза дня: never give up. Повторите!', locale: 'ru', voice: 'female' }).parts,
    ).toEqual([
      { text: 'Фраза дня:', voices: ['ru+f2', 'en-us+f2'], pauseMs: 60 },
      { text: 'never give up.', voices: ['en-us+f2'], pauseMs: 300 },
      { text: 'Повторите!', voices: ['ru+f2', 'en-us+f2'], pauseMs: 300 },
    ]);
  });

  it.each([
    ['pt-BR', ['pt-br', 'pt', 'en-us']],
    ['zh-Hant-TW', ['zh-hant-tw', 'cmn', 'en-us']],
    ['en-GB', ['en-gb', 'en-us']],
  ])('a text in %s is spoken by the nearest voice there is', (locale, voices) => {
    expect(espeakTaskFor({ text: '42', locale }).parts[0]?.voices).toEqual(voices);
  });

  it('speeds beyond what the engine can do are brought within it', () => {
    expect(espeakTaskFor({ text: 'Да', locale: 'ru', speed: 4 }).wordsPerMinute).toBe(450);
    expect(espeakTaskFor({ text: 'Да', locale: 'ru', speed: 0.25 }).wordsPerMinute).toBe(80);
  });

  it('pictures are left out and marks of the markup are made harmless', () => {
    expect(espeakTaskFor({ text: 'Тише <b>&</b> [[x]] 👍🏽 мыши', locale: 'ru' }).parts[0]?.text).toBe(
      'Тише &lt;b>&amp;&lt;/b> [ [x]]    мыши',
    );
  });
});

/** The middle pitch of a sound over frames of 80 ms, and how alike neighbouring periods are there (0 to 1). */
function pitchOf(pcm: Int16Array): { hertz: number; clarity: number } {
  const frames: { hertz: number; clarity: number }[] = [];
  for (let start = 2_400; start + 3_840 < pcm.length; start += 2_400)
    frames.push(framePitch(pcm.subarray(start, start + 3_840)));
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  return { hertz: median(frames.map((each) => each.hertz)), clarity: median(frames.map((each) => each.clarity)) };
}

/** The lag between 70 and 400 Hz at which a frame is most like itself. */
function framePitch(frame: Int16Array): { hertz: number; clarity: number } {
  let best = { hertz: 0, clarity: 0 };
  for (let lag = 120; lag <= 685; lag += 1) {
    let [alike, here, there] = [0, 0, 0];
    for (let at = lag; at < frame.length; at += 1) {
      alike += frame[at]! * frame[at - lag]!;
      here += frame[at]! ** 2;
      there += frame[at - lag]! ** 2;
    }
    const clarity = alike / Math.sqrt(here * there);
    if (clarity > best.clarity) best = { hertz: 48_000 / lag, clarity };
  }
  return best;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
