import { SpeechCompleted, SpeechFailed } from '@switchboard/contracts';
import { createLog, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { aSpeakRequest } from '../../test/build';
import { giveUpJobs, hurryFailedJobs, lookForLostWhile, untilSaid } from '../../test/until-said';
import { hangs, isDown, refuses, speaks, SPOKEN, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(voices: Awaited<ReturnType<typeof startVoices>>, env: Record<string, string> = {}) {
  const app = await startApp(ttsWorkerApp, { env: { ...voices.env, ...env } });
  endings.push(voices.stop, () => app.stop());
  return app;
}

const completed = (app: TestApp, { data: { speechId } }: ReturnType<typeof aSpeakRequest>) =>
  untilSaid(app, SpeechCompleted, ({ data }) => data.speechId === speechId);

describe('when the engine is in trouble', () => {
  it('a server that is down for a moment is asked again, and speaks', async () => {
    const voices = await startVoices(isDown, speaks);
    const app = await start(voices);
    await app.probe.say(aSpeakRequest());
    expect((await untilSaid(app, SpeechCompleted)).data).toMatchObject({ engine: 'openai', reused: false });
    expect(voices.asked).toHaveLength(2);
  });

  it('a server that stays down is asked four times, then espeak speaks', async () => {
    const voices = await startVoices(isDown);
    const app = await start(voices);
    await app.probe.say(aSpeakRequest());
    expect((await untilSaid(app, SpeechCompleted)).data).toMatchObject({ engine: 'espeak', reused: false });
    expect(voices.asked).toHaveLength(4);
  });

  it('a server that never answers in time is asked once more: each time may have to be paid for', async () => {
    const voices = await startVoices(hangs);
    // Without espeak, which would have as little time.
    const env = { TTS_WORKER_SPEECH_DEADLINE_SECONDS: '1', TTS_WORKER_SPEECH_ENGINE: 'openai' };
    const app = await start(voices, env);
    await app.probe.say(aSpeakRequest({ text: 'Hello' }));
    expect((await untilSaid(app, SpeechFailed)).data.reason).toBe('engine_failed');
    expect(voices.asked).toHaveLength(2);
  });

  it('a long text has as much time for each of its requests as a short one', async () => {
    const voices = await startVoices((asked, response) => void setTimeout(() => speaks(asked, response), 700));
    const app = await start(voices, { TTS_WORKER_SPEECH_DEADLINE_SECONDS: '1', TTS_WORKER_SPEECH_ENGINE: 'openai' });
    await app.probe.say(aSpeakRequest({ text: 'One more sentence of fifty characters in all, yes. '.repeat(200) }));
    await app.probe.until(SpeechCompleted);
    expect(voices.asked).toHaveLength(3);
  });

  it('after five failures in a row it is not asked for a while: espeak speaks at once', async () => {
    const voices = await startVoices(isDown);
    const app = await start(voices);
    for (const text of ['One', 'Two']) {
      const request = aSpeakRequest({ text });
      await app.probe.say(request);
      await completed(app, request);
    }
    expect(voices.asked).toHaveLength(5);
    const third = aSpeakRequest({ text: 'Three' });
    await app.probe.say(third);
    expect(
      (await app.probe.until(SpeechCompleted, ({ data }) => data.speechId === third.data.speechId)).data.engine,
    ).toBe('espeak');
    expect(voices.asked).toHaveLength(5);
  });

  it('a server that refuses is not asked again, and is asked first next time', async () => {
    const voices = await startVoices(refuses, speaks);
    const app = await start(voices);
    const [first, second] = [aSpeakRequest(), aSpeakRequest()];
    await app.probe.say(first);
    const offline = await completed(app, first);
    await app.probe.say(second);
    const online = await completed(app, second);
    expect([offline.data.engine, online.data.engine]).toEqual(['espeak', 'openai']);
    expect(online.data.audioId).not.toBe(offline.data.audioId);
  });

  it('what espeak spoke in its place is reused the next time it must', async () => {
    const voices = await startVoices(refuses);
    const app = await start(voices);
    const [first, second] = [aSpeakRequest({ voice: 'nova' }), aSpeakRequest({ voice: 'nova' })];
    await app.probe.say(first);
    const { audioId } = (await completed(app, first)).data;
    await app.probe.say(second);
    expect((await completed(app, second)).data).toMatchObject({ audioId, reused: true, engine: 'espeak' });
  });

  it.each([
    ['refuses', refuses, 1],
    ['stays down', isDown, 4],
  ])('with espeak ruled out, a server that %s means that the speech failed', async (_, answer, tries) => {
    const voices = await startVoices(answer);
    const app = await start(voices, { TTS_WORKER_SPEECH_ENGINE: 'openai' });
    const request = aSpeakRequest();
    await app.probe.say(request);
    const { speechId, requestedBy, chatId } = request.data;
    expect((await untilSaid(app, SpeechFailed)).data).toEqual({
      speechId,
      requestedBy,
      chatId,
      reason: 'engine_failed',
    });
    expect(voices.asked).toHaveLength(tries);
    const waiting = await app.service.db.query(`SELECT FROM speech_requests WHERE text IS NOT NULL`);
    expect(waiting).toHaveLength(0);
  });

  it('a failed text is tried anew when it is asked for again', async () => {
    const voices = await startVoices(refuses, speaks);
    const app = await start(voices, { TTS_WORKER_SPEECH_ENGINE: 'openai' });
    await app.probe.say(aSpeakRequest());
    await untilSaid(app, SpeechFailed);
    await app.probe.say(aSpeakRequest());
    expect((await untilSaid(app, SpeechCompleted)).data.engine).toBe('openai');
  });
});

describe('when the service stops in the middle of a speech', () => {
  it('the next start speaks it, and answers once', async () => {
    const voices = await startVoices(hangs);
    const first = await startApp(ttsWorkerApp, { env: voices.env });
    const request = aSpeakRequest();
    await first.probe.say(request);
    await until(() => voices.asked.length === 1, { what: 'the engine to be asked' });
    await first.stop({ keepDatabase: true });
    expect([...first.probe.all(SpeechCompleted), ...first.probe.all(SpeechFailed)]).toEqual([]);

    voices.answer(speaks);
    const second = await startApp(ttsWorkerApp, { env: voices.env, database: first.database });
    endings.push(voices.stop, () => second.stop());
    expect((await completed(second, request)).data).toMatchObject({
      engine: 'openai',
      bytes: SPOKEN.length,
      reused: false,
    });
    const after = aSpeakRequest({ text: 'Something else' });
    await second.probe.say(after);
    await completed(second, after);
    expect(second.probe.all(SpeechCompleted)).toHaveLength(2);
  });

  it('stopping on what would be the last try is no failure', async () => {
    const voices = await startVoices(isDown, isDown, isDown, hangs);
    const first = await startApp(ttsWorkerApp, { env: voices.env });
    const request = aSpeakRequest();
    await first.probe.say(request);
    await until(() => hurryFailedJobs(first).then(() => voices.asked.length === 4), { what: 'the last try' });
    await first.stop({ keepDatabase: true });
    expect([...first.probe.all(SpeechCompleted), ...first.probe.all(SpeechFailed)]).toEqual([]);

    voices.answer(speaks);
    const second = await startApp(ttsWorkerApp, { env: voices.env, database: first.database });
    endings.push(voices.stop, () => second.stop());
    expect((await completed(second, request)).data.engine).toBe('openai');
  });

  it('a speech whose last try died with its process is told as failed, and others are left alone', async () => {
    const voices = await startVoices(hangs);
    const app = await start(voices);
    const [lost, alive] = [aSpeakRequest({ text: 'Lost' }), aSpeakRequest({ text: 'Alive' })];
    await app.probe.say(lost);
    await until(() => voices.asked.length === 1, { what: 'the engine to be asked' });
    await giveUpJobs(app, 'synthesize');
    await app.probe.say(alive);
    await until(() => voices.asked.length === 2, { what: 'the engine to be asked again' });
    await app.service.nest.get(Schedules).runSlot('fail-lost-speech', app.clock.now());
    const { speechId, requestedBy, chatId } = lost.data;
    const { data } = await app.probe.until(SpeechFailed);
    expect(data).toEqual({ speechId, requestedBy, chatId, reason: 'engine_failed' });
    const waiting = await app.service.db.query(`SELECT speech_id AS id FROM speech_requests WHERE state = 'waiting'`);
    expect(waiting).toEqual([{ id: alive.data.speechId }]);
  });

  it('a speech that ends while lost ones are looked for is not told as lost', async () => {
    const held = Promise.withResolvers<void>();
    const voices = await startVoices((asked, response) => void held.promise.then(() => speaks(asked, response)));
    const lines: string[] = [];
    const log = createLog({ level: 'error', format: 'json' }, { write: (line) => void lines.push(line) });
    const app = await startApp(ttsWorkerApp, { env: voices.env, log });
    endings.push(voices.stop, () => app.stop());
    await app.probe.say(aSpeakRequest());
    await until(() => voices.asked.length === 1, { what: 'the engine to be asked' });
    await lookForLostWhile(app, { schedule: 'fail-lost-speech', job: 'synthesize', end: held.resolve });
    await app.probe.until(SpeechCompleted);
    expect(lines).toEqual([]);
  });
});
