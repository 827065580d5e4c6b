import { SpeechCompleted, SpeechFailed } from '@switchboard/contracts';
import { startApp, until } from '@switchboard/testing';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aSpeakRequest } from '../../test/build';
import { untilSaid } from '../../test/until-said';
import { speaks, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'audio-library-'));
  const voices = await startVoices(speaks);
  const app = await startApp(ttsWorkerApp, { env: { ...voices.env, MEDIA_FOLDER: join(folder, 'media') } });
  endings.push(
    () => rm(folder, { recursive: true }),
    voices.stop,
    () => app.stop(),
  );
  /** A file in the place of a folder lets nothing be written there. */
  const block = async (place: string) => {
    await rm(join(folder, place), { recursive: true, force: true });
    await writeFile(join(folder, place), '');
    return async () => {
      await rm(join(folder, place));
      await mkdir(join(folder, place));
    };
  };
  return { app, voices, block };
}

describe('audio that is made', () => {
  it('is paid for once while the storage does not take it, and kept as soon as it does', async () => {
    const { app, voices, block } = await start();
    await app.probe.say(aSpeakRequest({ text: 'Before' }));
    await app.probe.until(SpeechCompleted);
    const unblock = await block('media/tts-worker/partial');
    const request = aSpeakRequest();
    await app.probe.say(request);
    await until(() => voices.asked.length === 2, { what: 'the engine to be asked' });
    await unblock();
    const { data } = await untilSaid(app, SpeechCompleted, (event) => event.data.speechId === request.data.speechId);
    expect(data.reused).toBe(false);
    expect(voices.asked).toHaveLength(2);
  });

  it('is not made a second time for a storage that never takes it', async () => {
    const { app, voices, block } = await start();
    await app.probe.say(aSpeakRequest({ text: 'Before' }));
    await app.probe.until(SpeechCompleted);
    await block('media/tts-worker/partial');
    await app.probe.say(aSpeakRequest());
    expect((await untilSaid(app, SpeechFailed)).data.reason).toBe('storage_failed');
    expect(voices.asked).toHaveLength(2);
  });

  it('is not made at all while the storage is away', async () => {
    const { app, voices, block } = await start();
    await block('media');
    await app.probe.say(aSpeakRequest());
    expect((await untilSaid(app, SpeechFailed)).data.reason).toBe('storage_failed');
    expect(voices.asked).toHaveLength(0);
  });

  it('is taken from the storage where a killed process has stored it and not got as far as its row', async () => {
    const { app, voices } = await start();
    const [first, second] = [aSpeakRequest(), aSpeakRequest()];
    await app.probe.say(first);
    const made = (await app.probe.until(SpeechCompleted)).data;
    await app.service.db.query('DELETE FROM audio_assets');
    await app.probe.say(second);
    const { data } = await untilSaid(app, SpeechCompleted, (event) => event.data.speechId === second.data.speechId);
    const { audioId, bytes, durationMs, engine } = made;
    expect(data).toMatchObject({ audioId, bytes, durationMs, engine, reused: true });
    expect(voices.asked).toHaveLength(1);
  });
});
