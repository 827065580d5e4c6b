import { SpeechCompleted, TranscriptionCompleted } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { ttsWorkerApp } from '../src/tts-worker.app';
import { aSpeakRequest, aVoiceMessage } from './build';
import { json, startServer } from './openai-server';
import { speaks, SPOKEN } from './voices';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** The service beside a server that speaks and listens, told of it by `env`. */
async function start(env: Record<string, string>, models: object[] = []) {
  const server = await startServer(
    (asked, response) =>
      asked.path.endsWith('/speech') ? speaks(asked, response) : json(response, 200, { text: 'Good evening' }),
    models,
  );
  const adapter = await startServer((_, response) => void response.writeHead(200).end(SPOKEN));
  const app = await startApp(ttsWorkerApp, {
    env: { TTS_WORKER_BASE_URL: server.baseUrl, TTS_WORKER_SPEECH_MODEL: 'some-voice', ...env },
    directory: new Map([['bot-adapter', new URL(adapter.baseUrl).origin]]),
  });
  endings.push(server.stop, adapter.stop, () => app.stop());
  return { app, server };
}

async function speakAndListen(app: TestApp) {
  const [request, message] = [aSpeakRequest(), aVoiceMessage()];
  await app.probe.say(request);
  await app.probe.say(message);
  const { engine } = (await app.probe.until(SpeechCompleted)).data;
  return { engine, heard: (await app.probe.until(TranscriptionCompleted)).data.text };
}

describe('the server that speaks and listens', () => {
  it('is never sent OPENAI_API_KEY when it is not OpenAI, and may need no key at all', async () => {
    const { app, server } = await start({ OPENAI_API_KEY: 'sk-of-openai' });
    expect(await speakAndListen(app)).toEqual({ engine: 'openai', heard: 'Good evening' });
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(JSON.stringify(server.asked.map(({ headers }) => headers))).not.toContain('sk-of-openai');
  });

  it('is sent the key that was given for it', async () => {
    const { app, server } = await start({ OPENAI_API_KEY: 'sk-of-openai', TTS_WORKER_API_KEY: 'own' });
    await speakAndListen(app);
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer own', 'Bearer own']);
  });

  it('is asked at start whether it is going to switch off a model that is in use', async () => {
    const { app } = await start({}, [{ id: 'some-voice', shutdown_date: '2031-01-06' }]);
    const metric = async (name: string) =>
      (await (await fetch(`${app.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith(`${name}{`));
    const [ends] = await until(
      async () => {
        const lines = await metric('model_shutdown_timestamp_seconds');
        return lines.length > 0 && lines;
      },
      { what: 'the answer' },
    );
    expect(ends).toMatch(/model="some-voice".* 1925424000$/);
    expect(await metric('model_status')).toContainEqual(
      expect.stringMatching(/model="gpt-transcribe".*status="missing".* 1$/),
    );
  });
});
