import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageReceived, ReadMedia, TranscriptionCompleted, TranscriptionFailed } from '@switchboard/contracts';
import { createLog, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import type { z } from 'zod';
import { aVoiceMessage } from '../../test/build';
import { json, startServer } from '../../test/openai-server';
import { giveUpJobs, lookForLostWhile, untilSaid } from '../../test/until-said';
import { hangs, isDown, refuses, SPOKEN, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';

type Answer = Parameters<typeof startServer>[0];
type Reason = z.output<typeof TranscriptionFailed.schema>['reason'];

const hears =
  (text: string): Answer =>
  (_, response) =>
    json(response, 200, { text, language: 'russian', duration: 0.5 });
const gives: Answer = (_, response) => void response.writeHead(200, { 'content-type': 'audio/ogg' }).end(SPOKEN);

/** The bot-adapter as its contract has it. */
const refusesMedia =
  (code: keyof typeof ReadMedia.problems): Answer =>
  (_, response) =>
    problem(response, ReadMedia.problems[code], code);
const problem = (response: ServerResponse, status: number, code: string) =>
  json(response, status, { type: `/problems/${code}`, title: '-', status, code, instance: '/requests/1' });

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** The service between an engine and a bot-adapter that answer as told. */
async function start({
  engine = hears('Привет'),
  media = gives,
  env = {},
  sandbox = false,
  lines = [],
}: { engine?: Answer; media?: Answer; env?: Record<string, string>; sandbox?: boolean; lines?: string[] } = {}) {
  const [voices, adapter] = [await startVoices(engine), await startServer(media)];
  const directory = new Map([['bot-adapter', new URL(adapter.baseUrl).origin]]);
  const pretended: Record<string, string> = sandbox
    ? { TTS_WORKER_SANDBOX_BASE_URL: voices.env['TTS_WORKER_BASE_URL']! }
    : {};
  const log = createLog({ level: 'error', format: 'json' }, { write: (line) => void lines.push(line) });
  const app = await startApp(ttsWorkerApp, { env: { ...voices.env, ...pretended, ...env }, directory, log });
  endings.push(voices.stop, adapter.stop, () => app.stop());
  return { app, voices, adapter };
}

const asked = ({ data: { messageId, chatId, botId, userId } }: ReturnType<typeof aVoiceMessage>) => ({
  messageId,
  chatId,
  botId,
  userId,
});

async function reasonFor(app: TestApp, message = aVoiceMessage()): Promise<Reason> {
  await app.probe.say(message);
  const { data } = await untilSaid(
    app,
    TranscriptionFailed,
    (event) => event.data.messageId === message.data.messageId,
  );
  expect(data).toEqual({ ...asked(message), reason: data.reason });
  return data.reason;
}

describe('transcription', () => {
  it('the words of a voice message are told, with its language and length', async () => {
    const { app, voices, adapter } = await start();
    const message = aVoiceMessage({ locale: 'ru' });
    await app.probe.say(message);
    expect((await app.probe.until(TranscriptionCompleted)).data).toEqual({
      ...asked(message),
      text: 'Привет',
      language: 'ru',
      durationMs: 500,
    });
    expect(adapter.asked[0]).toMatchObject({
      path: `/media/${message.data.media!.mediaId}`,
      headers: { authorization: expect.stringMatching(/^Bearer /) as string },
    });
    const form = await new Response(new Uint8Array(voices.asked[0]!.body), {
      headers: { 'content-type': voices.asked[0]!.headers['content-type']! },
    }).formData();
    expect([form.get('model'), form.has('language')]).toEqual(['gpt-transcribe', false]);
    expect(Buffer.from(await (form.get('file') as File).arrayBuffer()).equals(SPOKEN)).toBe(true);
  });

  it.each([
    ['without a server', { TTS_WORKER_API_KEY: '', TTS_WORKER_BASE_URL: '' }],
    ['switched off', { TTS_WORKER_TRANSCRIPTION_MODEL: 'off' }],
  ])('%s a voice message is answered at once with "not configured", and nobody is asked', async (_, env) => {
    const { app, adapter } = await start({ env });
    const message = aVoiceMessage();
    await app.probe.say(message);
    expect((await app.probe.until(TranscriptionFailed)).data).toEqual({ ...asked(message), reason: 'not_configured' });
    expect(adapter.asked).toHaveLength(0);
    expect(
      await app.service.db.query(`SELECT FROM tts_worker_jobs.jobs WHERE task_identifier = 'transcribe'`),
    ).toHaveLength(0);
  });

  it('the sandbox pretends to hear what is said to its own bots, and never what real people say', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bots-'));
    const sandbox = { kind: 'telegram', apiRoot: 'sandbox', token: '1:a' };
    for (const id of ['desk', 'lumen'])
      writeFileSync(join(folder, `${id}.json`), JSON.stringify({ name: id, channel: sandbox }));
    const without = {
      TTS_WORKER_API_KEY: '',
      TTS_WORKER_BASE_URL: '',
      BOTS_FOLDER: folder,
      TELEGRAM_BOT_TOKEN: '9:real',
    };
    const { app, voices } = await start({ env: without, sandbox: true });
    const [toReal, toSandbox] = [aVoiceMessage({ botId: 'desk' }), aVoiceMessage({ botId: 'lumen' })];
    expect(await reasonFor(app, toReal)).toBe('not_configured');
    expect(voices.asked).toHaveLength(0);
    await app.probe.say(toSandbox);
    expect((await untilSaid(app, TranscriptionCompleted)).data).toMatchObject({ ...asked(toSandbox), text: 'Привет' });
    rmSync(folder, { recursive: true });
  });

  it('messages of other kinds are none of its business', async () => {
    const { app, adapter } = await start();
    await app.probe.say(MessageReceived({ ...aVoiceMessage().data, kind: 'text', text: 'Hello', media: undefined }));
    await app.probe.say(MessageReceived({ ...aVoiceMessage().data, kind: 'document' }));
    const voice = aVoiceMessage();
    await app.probe.say(voice);
    await app.probe.until(TranscriptionCompleted, ({ data }) => data.messageId === voice.data.messageId);
    expect(app.probe.all(TranscriptionCompleted)).toHaveLength(1);
    expect(app.probe.all(TranscriptionFailed)).toHaveLength(0);
    expect(adapter.asked).toHaveLength(1);
  });

  it('a message that comes twice is listened to once', async () => {
    const { app, voices } = await start();
    const event = await app.probe.say(aVoiceMessage());
    await app.probe.sayAgain(event);
    await app.probe.until(TranscriptionCompleted);
    const later = aVoiceMessage();
    await app.probe.say(later);
    await app.probe.until(TranscriptionCompleted, ({ data }) => data.messageId === later.data.messageId);
    expect(app.probe.all(TranscriptionCompleted)).toHaveLength(2);
    expect(voices.asked).toHaveLength(2);
  });

  it('a server that is down for a moment is asked again', async () => {
    const { app, voices } = await start();
    voices.answer(isDown, hears('Теперь слышно'));
    await app.probe.say(aVoiceMessage());
    expect((await untilSaid(app, TranscriptionCompleted)).data.text).toBe('Теперь слышно');
  });

  it.each<[string, Reason, { engine?: Answer; media?: Answer; env?: Record<string, string> }, number]>([
    ['no words in it', 'nothing_heard', { engine: hears(' ') }, 1],
    ['a server that refuses', 'engine_failed', { engine: refuses }, 1],
    ['a server that stays down', 'engine_failed', { engine: isDown }, 4],
    [
      'a server that never answers',
      'engine_failed',
      { engine: hangs, env: { TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS: '1' } },
      2,
    ],
    [
      'a server that talks nonsense',
      'engine_failed',
      { engine: (_, response) => json(response, 200, { words: 7 }) },
      1,
    ],
    ['a recording that is gone', 'media_gone', { media: refusesMedia('bot-adapter.media_gone') }, 0],
    ['a recording too large for the channel', 'too_large', { media: refusesMedia('bot-adapter.media_too_large') }, 0],
  ])('%s is told as %s', async (_, reason, behaviour, engineCalls) => {
    const { app, voices } = await start(behaviour);
    expect(await reasonFor(app)).toBe(reason);
    expect(voices.asked).toHaveLength(engineCalls);
  });

  it.each([
    ['does not know the address', 404, 'not_found'],
    ['lets nobody in', 401, 'unauthorized'],
  ])('a bot-adapter that %s is asked again, since that says nothing about the recording', async (_, status, code) => {
    let asked = 0;
    const media: Answer = (question, response) =>
      ++asked === 1 ? problem(response, status, code) : gives(question, response);
    const { app } = await start({ media });
    await app.probe.say(aVoiceMessage());
    expect((await untilSaid(app, TranscriptionCompleted)).data.text).toBe('Привет');
    expect(asked).toBe(2);
  });

  it('a recording over 25 MB is refused by what is said of it, or else by what it is', async () => {
    const huge: Answer = (_, response) =>
      void response.writeHead(200, { 'content-type': 'audio/ogg' }).end(Buffer.alloc(25 * 1024 * 1024 + 1));
    const { app, voices, adapter } = await start({ media: huge });
    const media = { ...aVoiceMessage().data.media!, bytes: 25 * 1024 * 1024 + 1 };
    expect(await reasonFor(app, aVoiceMessage({ media }))).toBe('too_large');
    expect(adapter.asked).toHaveLength(0);
    expect(await reasonFor(app)).toBe('too_large');
    expect(voices.asked).toHaveLength(0);
  });

  it('a recording without an end is given up as soon as it is over 25 MB', async () => {
    let sent = 0;
    const endless: Answer = (_, response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      const send = () => {
        while (!response.destroyed && response.write(chunk)) sent += 1;
      };
      response.writeHead(200, { 'content-type': 'audio/ogg' }).on('drain', send);
      send();
    };
    const { app, voices } = await start({ media: endless });
    expect(await reasonFor(app)).toBe('too_large');
    expect(voices.asked).toHaveLength(0);
    expect(sent).toBeLessThan(60);
  });

  it('a transcription whose last try died with its process is told as failed, and others are left alone', async () => {
    const { app, voices } = await start({ engine: hangs });
    const [lost, alive] = [aVoiceMessage(), aVoiceMessage()];
    await app.probe.say(lost);
    await until(() => voices.asked.length === 1, { what: 'the engine to be asked' });
    await giveUpJobs(app, 'transcribe');
    await app.probe.say(alive);
    await until(() => voices.asked.length === 2, { what: 'the engine to be asked again' });
    await app.service.nest.get(Schedules).runSlot('fail-lost-transcriptions', app.clock.now());
    expect((await app.probe.until(TranscriptionFailed)).data).toEqual({ ...asked(lost), reason: 'engine_failed' });
    const waiting = await app.service.db.query(`SELECT message_id AS id FROM transcriptions WHERE state = 'waiting'`);
    expect(waiting).toEqual([{ id: alive.data.messageId }]);
  });

  it('a transcription that ends while lost ones are looked for is not told as lost', async () => {
    const held = Promise.withResolvers<void>();
    const lines: string[] = [];
    const engine: Answer = (request, response) => void held.promise.then(() => hears('Привет')(request, response));
    const { app, voices } = await start({ engine, lines });
    await app.probe.say(aVoiceMessage());
    await until(() => voices.asked.length === 1, { what: 'the engine to be asked' });
    await lookForLostWhile(app, { schedule: 'fail-lost-transcriptions', job: 'transcribe', end: held.resolve });
    await app.probe.until(TranscriptionCompleted);
    expect(lines).toEqual([]);
  });

  it('a voice message without a recording has nothing to listen to', async () => {
    const { app } = await start();
    expect(await reasonFor(app, aVoiceMessage({ media: undefined }))).toBe('media_gone');
  });
});
