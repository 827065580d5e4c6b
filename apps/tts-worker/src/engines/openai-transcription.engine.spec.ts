import type { ServerResponse } from 'node:http';
import { json, startServer, type Asked } from '../../test/openai-server';
import { BadAnswer, EngineTimedOut, EngineUnavailable, RecordingTooLarge } from './engine-errors';
import { OpenAiTranscriptionConfig, OpenAiTranscriptionEngine } from './openai-transcription.engine';

const never = new AbortController().signal;
const recording = { audio: Buffer.from('OggS and so on'), format: 'ogg' } as const;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function engineWith(answer: (asked: Asked, response: ServerResponse) => void, config = {}) {
  const server = await startServer(answer);
  stops.push(server.stop);
  const engine = new OpenAiTranscriptionEngine(
    OpenAiTranscriptionConfig.parse({ baseUrl: server.baseUrl, apiKey: 'key-1', deadlineMs: 5_000, ...config }),
  );
  return { engine, asked: server.asked };
}

/** The parts of a multipart body, read by the platform's own parser. */
const formOf = ({ headers, body }: Asked) =>
  new Response(new Uint8Array(body), { headers: { 'content-type': headers['content-type']! } }).formData();

describe('transcription by an OpenAI-compatible server', () => {
  it('sends the recording under a name that tells its format, with the language as a hint', async () => {
    const { engine, asked } = await engineWith((_, response) => json(response, 200, { text: ' Привет, мир! ' }));
    expect(await engine.transcribe({ ...recording, locale: 'ru' }, never)).toEqual({ text: 'Привет, мир!' });
    expect(asked[0]).toMatchObject({ path: '/v1/audio/transcriptions', headers: { authorization: 'Bearer key-1' } });
    const form = await formOf(asked[0]!);
    const file = form.get('file') as File;
    expect([file.name, file.type, Buffer.from(await file.arrayBuffer())]).toEqual([
      'recording.ogg',
      'audio/ogg',
      recording.audio,
    ]);
    expect([form.get('model'), form.get('language'), form.get('response_format')]).toEqual([
      'gpt-4o-mini-transcribe',
      'ru',
      'json',
    ]);
  });

  it.each([
    ['russian', 'ru'],
    ['english', 'en'],
    ['ru', 'ru'],
    ['german', 'german'],
  ])('Whisper tells the length and the language: %s is %s', async (language, code) => {
    const { engine, asked } = await engineWith(
      (_, response) => json(response, 200, { task: 'transcribe', language, duration: 3.42, text: 'x', segments: [] }),
      { model: 'whisper-1' },
    );
    expect(await engine.transcribe(recording, never)).toEqual({ text: 'x', language: code, durationMs: 3_420 });
    const form = await formOf(asked[0]!);
    expect([form.get('response_format'), form.has('language')]).toEqual(['verbose_json', false]);
  });

  it('the length is taken from the usage where the answer has it only there', async () => {
    const { engine } = await engineWith((_, response) =>
      json(response, 200, { text: 'x', usage: { type: 'duration', seconds: 7 } }),
    );
    expect(await engine.transcribe(recording, never)).toEqual({ text: 'x', durationMs: 7_000 });
  });

  it('a recording over 25 MB is not sent', async () => {
    const { engine, asked } = await engineWith((_, response) => json(response, 200, { text: 'x' }));
    const large = { ...recording, audio: Buffer.alloc(25 * 1024 * 1024 + 1) };
    await expect(engine.transcribe(large, never)).rejects.toThrow(RecordingTooLarge);
    expect(asked).toHaveLength(0);
  });

  it.each([
    ['an answer of another shape', '{"words": []}', 'application/json'],
    ['plain text', 'Привет', 'text/plain'],
    ['broken JSON', '{"text": "При', 'application/json'],
  ])('%s is reported as a bad answer', async (_, body, type) => {
    const { engine } = await engineWith((_asked, response) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    );
    await expect(engine.transcribe(recording, never)).rejects.toThrow(BadAnswer);
  });

  it('an overloaded server passes, a silent one is given up at the deadline', async () => {
    const busy = await engineWith((_, response) => json(response, 503, { error: { message: 'overloaded' } }));
    await expect(busy.engine.transcribe(recording, never)).rejects.toThrow(EngineUnavailable);
    const silent = await engineWith(() => undefined, { deadlineMs: 300 });
    await expect(silent.engine.transcribe(recording, never)).rejects.toThrow(EngineTimedOut);
  });
});
