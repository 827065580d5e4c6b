import type { ServerResponse } from 'node:http';
import { decode, rawPages, shareAt, sine } from '../../test/ogg-reader';
import { json, startServer, type Asked } from '../../test/openai-server';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { pcmToOpus } from '../audio/pcm-to-opus';
import { CallMeter } from './call-meter';
import { BadAnswer, EngineRefused, EngineTimedOut, EngineUnavailable, NothingToSay } from './engine-errors';
import { OpenAiEngine } from './openai.engine';

/** Of `gpt-4o-mini-tts`, as OpenAI's reference says. */
const MOST_TOKENS = 2000;
const never = new AbortController().signal;
const tone = (frequency: number, seconds: number) => pcmToOpus(sine(frequency, 24_000, seconds), 24_000).ogg;
const audio = (response: ServerResponse, body: Buffer, type = 'audio/ogg') =>
  response.writeHead(200, { 'content-type': type }).end(body);

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function engineWith(answer: (asked: Asked, response: ServerResponse) => void, config = {}) {
  const server = await startServer(answer);
  stops.push(server.stop);
  const access = { baseUrl: server.baseUrl, apiKey: 'key-1', model: 'a-voice', deadlineMs: 5_000 };
  const engine = new OpenAiEngine({ ...access, ...config });
  return { engine, asked: server.asked };
}

describe('speech of an OpenAI-compatible server', () => {
  it('asks for Opus with the key, the model, the voice and the speed, and gives the file on', async () => {
    const file = tone(440, 1.2);
    const { engine, asked } = await engineWith((_, response) => audio(response, file));
    const spoken = await engine.synthesize(
      { text: 'Привет!', locale: 'ru', voice: 'nova', speed: 1.25 },
      never,
      new CallMeter(),
    );
    expect(spoken.ogg.equals(file)).toBe(true);
    expect(spoken.durationMs).toBe(1_200);
    expect(asked[0]).toMatchObject({ path: '/v1/audio/speech', headers: { authorization: 'Bearer key-1' } });
    expect(JSON.parse(String(asked[0]!.body))).toEqual({
      model: 'a-voice',
      voice: 'nova',
      input: 'Привет!',
      response_format: 'opus',
      speed: 1.25,
    });
  });

  it('a text over 4096 characters is spoken in pieces that end with sentences, as one file', async () => {
    const tones = [tone(440, 1), tone(880, 1), tone(660, 1)];
    const { engine, asked } = await engineWith((_, response) => audio(response, tones[asked.length - 1]!));
    const text = 'Это предложение ровно из пятидесяти знаков вот так. '.repeat(200).trim();
    const { ogg, durationMs } = await engine.synthesize({ text, locale: 'ru' }, never, new CallMeter());

    const inputs = asked.map(({ body }) => (JSON.parse(String(body)) as { input: string }).input);
    expect(inputs).toHaveLength(3);
    expect(inputs.every((input) => input.length <= 4_096 && input.endsWith('так.'))).toBe(true);
    expect(inputs.join(' ')).toBe(text);
    expect(new Set(rawPages(ogg).map((page) => page.serial)).size).toBe(1);
    expect(durationMs).toBeGreaterThanOrEqual(3_000);
    expect(durationMs).toBeLessThan(3_060);
    const heard = decode(ogg);
    for (const [index, frequency] of [440, 880, 660].entries())
      expect(
        shareAt(frequency, heard.subarray(index * 48_000 + 12_000, index * 48_000 + 43_000), 48_000),
      ).toBeGreaterThan(0.95);
  });

  it('a piece takes no more tokens than the newer models speak at once, whatever it is written in', async () => {
    const file = tone(440, 0.1);
    const { engine, asked } = await engineWith((_, response) => audio(response, file), { model: 'gpt-4o-mini-tts' });
    const speak = (text: string) => engine.synthesize({ text, locale: 'ru' }, never, new CallMeter());
    const inputs = () => asked.map(({ body }) => (JSON.parse(String(body)) as { input: string }).input);
    for (const text of [
      '汉字漢語。'.repeat(500),
      '3 + 4 = 7; '.repeat(300),
      'НЕПРИЛИЧНО ДОРОГОЙ ТЕКСТ. '.repeat(150),
    ]) {
      expect(countTokens(text)).toBeGreaterThan(MOST_TOKENS);
      await speak(text);
    }
    // Letters that cost little are still sent as many at once as may be.
    await speak('Одно предложение за другим, и все они одной длины. '.repeat(80));
    expect(inputs().filter((input) => countTokens(input) > MOST_TOKENS)).toEqual([]);
    expect(inputs().at(-2)!.length).toBeGreaterThan(3500);
  });

  it('of a text that broke off only what is missing is asked for, and paid, the next time', async () => {
    const file = tone(440, 1);
    const { engine, asked } = await engineWith(
      // The third piece is not answered the first time.
      (_, response) => void (asked.length === 3 || audio(response, file)),
      { deadlineMs: 300 },
    );
    const request = {
      text: 'One more sentence of fifty characters in all, yes. '.repeat(200).trim(),
      locale: 'en',
    } as const;
    await expect(engine.synthesize(request, never, new CallMeter())).rejects.toThrow(EngineTimedOut);
    const { input } = JSON.parse(String(asked[2]!.body)) as { input: string };
    expect(engine.charactersLeft(request)).toBe(input.length);

    const meter = new CallMeter();
    const { durationMs } = await engine.synthesize(request, never, meter);
    expect(durationMs).toBeGreaterThanOrEqual(3_000);
    expect(asked.map(({ body }) => (JSON.parse(String(body)) as { input: string }).input).slice(3)).toEqual([input]);
    expect([meter.characters, meter.audioMs]).toEqual([input.length, 1_000]);
    expect(engine.charactersLeft({ ...request, voice: 'nova' })).toBeGreaterThan(input.length);
  });

  it.each([
    ['an MP3', Buffer.from('ID3\x04\0\0\0\0', 'latin1'), 'audio/mpeg', 'of audio/mpeg: no Ogg page at byte 0'],
    ['a page of HTML', Buffer.from('<html>Log in</html>'), 'text/html', 'of text/html'],
    ['an empty body', Buffer.alloc(0), 'audio/ogg', 'sent 0 bytes'],
    ['half a file', tone(440, 1).subarray(0, 2_000), 'audio/ogg', 'cut short'],
  ])('%s instead of Ogg/Opus is reported as what it is', async (_, body, type, message) => {
    const { engine } = await engineWith((_asked, response) => audio(response, body, type));
    const speaking = engine.synthesize({ text: 'Hello', locale: 'en' }, never, new CallMeter());
    await expect(speaking).rejects.toThrow(BadAnswer);
    await expect(speaking).rejects.toThrow(message);
  });

  it.each([
    [401, { message: 'Incorrect API key provided', code: 'invalid_api_key' }],
    [400, { message: 'Unknown voice', code: null }],
    [404, { message: 'The model does not exist', code: 'model_not_found' }],
    [429, { message: 'You exceeded your current quota', code: 'insufficient_quota' }],
    [429, { message: 'Your account is not active', code: 'billing_not_active' }],
  ])('%d %j is final', async (status, error) => {
    const { engine, asked } = await engineWith((_, response) => json(response, status, { error }));
    const speaking = engine.synthesize({ text: 'Hello', locale: 'en' }, never, new CallMeter());
    await expect(speaking).rejects.toThrow(EngineRefused);
    await expect(speaking).rejects.toMatchObject({ retryable: false });
    const { message, cause } = (await speaking.catch((thrown: unknown) => thrown)) as Error;
    expect(message).toContain(`answered ${status}${error.code ? ` (code ${error.code}` : ''}`);
    // The server's own words may quote what was to be spoken.
    expect(`${message} ${(cause as Error).message}`).not.toContain(error.message);
    expect(asked).toHaveLength(1);
  });

  it.each([429, 500, 503])('%d passes, and is not asked again by itself', async (status) => {
    const { engine, asked } = await engineWith((_, response) =>
      json(response, status, { error: { message: 'slow down' } }, { 'retry-after': '17' }),
    );
    await expect(engine.synthesize({ text: 'Hello', locale: 'en' }, never, new CallMeter())).rejects.toMatchObject({
      name: 'EngineUnavailable',
      retryable: true,
      retryAfterSeconds: 17,
    });
    expect(asked).toHaveLength(1);
  });

  it('a server that is not there passes', async () => {
    const { engine } = await engineWith(() => undefined);
    await Promise.all(stops.splice(0).map((stop) => stop()));
    await expect(engine.synthesize({ text: 'Hello', locale: 'en' }, never, new CallMeter())).rejects.toThrow(
      EngineUnavailable,
    );
  });

  it('an answer that breaks off passes', async () => {
    const { engine } = await engineWith((_, response) => {
      response.writeHead(200, { 'content-type': 'audio/ogg', 'content-length': '5000' });
      response.write(tone(440, 0.1), () => response.destroy());
    });
    await expect(engine.synthesize({ text: 'Hello', locale: 'en' }, never, new CallMeter())).rejects.toThrow(
      EngineUnavailable,
    );
  });

  it.each([
    ['before the headers', () => undefined],
    ['in the middle of the sound', (_: Asked, response: ServerResponse) => void response.writeHead(200).write('OggS')],
  ])('a server that stalls %s is given up at the deadline', async (_, answer) => {
    const { engine } = await engineWith(answer, { deadlineMs: 300 });
    await expect(engine.synthesize({ text: 'Hello', locale: 'en' }, never, new CallMeter())).rejects.toThrow(
      EngineTimedOut,
    );
  });

  it('an aborted speech ends with the reason', async () => {
    const abort = new AbortController();
    const { engine } = await engineWith(() => abort.abort(new Error('nobody listens any more')));
    await expect(engine.synthesize({ text: 'Hello', locale: 'en' }, abort.signal, new CallMeter())).rejects.toThrow(
      'nobody listens any more',
    );
  });

  it('a text without words is not sent', async () => {
    const { engine, asked } = await engineWith((_, response) => audio(response, tone(440, 0.1)));
    await expect(engine.synthesize({ text: ' … 🎉 ', locale: 'en' }, never, new CallMeter())).rejects.toThrow(
      NothingToSay,
    );
    expect(asked).toHaveLength(0);
  });
});
