import { type BotsRegistry, UpstreamTimeout } from '@switchboard/service-kit';
import type { ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import { json, startServer, type Asked } from '../../test/openai-server';
import { CallMeter } from '../engines/call-meter';
import { BadAnswer, EngineUnavailable, RecordingTooLarge } from '../engines/engine-errors';
import { ttsWorkerConfig } from '../tts-worker.config';
import { TranscriptionProvider } from './transcription-provider';

const NO_BOTS = { find: () => undefined } as unknown as BotsRegistry;
const never = new AbortController().signal;
const recording = { audio: Buffer.from('OggS and so on'), format: 'ogg', durationMs: 1_500, isMeasured: true } as const;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function providerWith(answer: (asked: Asked, response: ServerResponse) => void, changes = {}) {
  const server = await startServer(answer);
  stops.push(server.stop);
  const config = ttsWorkerConfig.parse({ TTS_WORKER_BASE_URL: server.baseUrl, TTS_WORKER_API_KEY: 'key-1' });
  return {
    provider: new TranscriptionProvider({ ...config, ...changes }, new Registry(), NO_BOTS),
    asked: server.asked,
  };
}

/** The parts of a multipart body, read by the platform's own parser. */
const formOf = ({ headers, body }: Asked) =>
  new Response(new Uint8Array(body), { headers: { 'content-type': headers['content-type']! } }).formData();

describe('transcription by an OpenAI-compatible server', () => {
  it('sends the recording under a name that tells its format, and no language: people speak others than that of their app', async () => {
    const { provider, asked } = await providerWith((_, response) => json(response, 200, { text: ' Привет, мир! ' }));
    expect(await provider.transcribe('lumen', recording, never, new CallMeter())).toEqual({ text: 'Привет, мир!' });
    expect(asked[0]).toMatchObject({ path: '/v1/audio/transcriptions', headers: { authorization: 'Bearer key-1' } });
    const form = await formOf(asked[0]!);
    const file = form.get('file') as File;
    expect([file.name, file.type, Buffer.from(await file.arrayBuffer())]).toEqual([
      'recording.ogg',
      'audio/ogg',
      recording.audio,
    ]);
    expect([...form.keys()].sort()).toEqual(['file', 'model', 'response_format']);
    expect([form.get('model'), form.get('response_format')]).toEqual(['gpt-transcribe', 'json']);
  });

  it.each([
    ['russian', 'ru'],
    ['english', 'en'],
    ['ru', 'ru'],
    ['german', 'german'],
  ])('Whisper tells the length and the language: %s is %s', async (language, code) => {
    const { provider, asked } = await providerWith(
      (_, response) => json(response, 200, { task: 'transcribe', language, duration: 3.42, text: 'x', segments: [] }),
      { TTS_WORKER_TRANSCRIPTION_MODEL: 'whisper-1' },
    );
    expect(await provider.transcribe('lumen', recording, never, new CallMeter())).toEqual({
      text: 'x',
      language: code,
      durationMs: 3_420,
    });
    const form = await formOf(asked[0]!);
    expect([form.get('response_format'), form.has('language')]).toEqual(['verbose_json', false]);
  });

  it('the length is taken from the usage where the answer has it only there', async () => {
    const { provider } = await providerWith((_, response) =>
      json(response, 200, { text: 'x', usage: { type: 'duration', seconds: 7 } }),
    );
    expect(await provider.transcribe('lumen', recording, never, new CallMeter())).toEqual({
      text: 'x',
      durationMs: 7_000,
    });
  });

  it('a recording over 25 MB is not sent', async () => {
    const { provider, asked } = await providerWith((_, response) => json(response, 200, { text: 'x' }));
    const large = { ...recording, audio: Buffer.alloc(25 * 1024 * 1024 + 1) };
    await expect(provider.transcribe('lumen', large, never, new CallMeter())).rejects.toThrow(RecordingTooLarge);
    expect(asked).toHaveLength(0);
  });

  it.each([
    ['audio duration 1512.4 seconds is longer than 1400 seconds which is the maximum for this model', 400],
    ['Maximum content size limit (26214400) exceeded (26300100 bytes read)', 413],
  ])('“%s” means that the recording is too large', async (message, status) => {
    const { provider } = await providerWith((_, response) => json(response, status, { error: { message } }));
    const meter = new CallMeter();
    await expect(provider.transcribe('lumen', recording, never, meter)).rejects.toThrow(RecordingTooLarge);
    expect(meter.audioMs).toBe(0);
  });

  it.each([
    ['an answer of another shape', '{"words": []}', 'application/json'],
    ['plain text', 'Привет', 'text/plain'],
    ['broken JSON', '{"text": "При', 'application/json'],
  ])('%s is reported as a bad answer', async (_, body, type) => {
    const { provider } = await providerWith((_asked, response) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    );
    await expect(provider.transcribe('lumen', recording, never, new CallMeter())).rejects.toThrow(BadAnswer);
  });

  it('a long recording has more time than a short one', async () => {
    const { provider } = await providerWith(
      (_, response) => void setTimeout(() => json(response, 200, { text: 'x' }), 600),
      { TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS: 0.3 },
    );
    const long = { ...recording, durationMs: 60 * 60_000 };
    expect(await provider.transcribe('lumen', long, never, new CallMeter())).toEqual({ text: 'x' });
  });

  it('an overloaded server passes, a silent one is given up at the deadline', async () => {
    const busy = await providerWith((_, response) => json(response, 503, { error: { message: 'overloaded' } }));
    await expect(busy.provider.transcribe('lumen', recording, never, new CallMeter())).rejects.toThrow(
      EngineUnavailable,
    );
    const silent = await providerWith(() => undefined, { TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS: 0.3 });
    await expect(silent.provider.transcribe('lumen', recording, never, new CallMeter())).rejects.toThrow(
      UpstreamTimeout,
    );
  });
});
