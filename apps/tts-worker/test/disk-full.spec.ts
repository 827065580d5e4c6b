import { SpeechCompleted, SpeechFailed } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ttsWorkerApp } from '../src/tts-worker.app';
import { aSpeakRequest } from './build';
import { untilSaid } from './until-said';
import { speaks, SPOKEN, startVoices } from './voices';

/** A real file system of 64 kB; undefined where mounting is not allowed. */
const disk = mountSmallDisk();
const onSmallDisk = disk ? describe : describe.skip;

onSmallDisk('a media disk without room (needs the right to mount)', () => {
  const filler = join(disk!, 'filler');
  let voices: Awaited<ReturnType<typeof startVoices>>;
  let app: TestApp;
  beforeAll(async () => {
    voices = await startVoices(speaks);
    app = await startApp(ttsWorkerApp, { env: { ...voices.env, MEDIA_FOLDER: disk! } });
  });
  afterAll(async () => {
    await app.stop();
    await voices.stop();
  });
  // Apart, so that it is done even when the start failed.
  afterAll(() => {
    execFileSync('umount', ['--lazy', disk!]);
    rmdirSync(disk!);
  });

  it('what cannot be kept is told as failed, nothing half written stays, and room helps', async () => {
    const warmUp = aSpeakRequest({ text: 'While there is room' });
    await app.probe.say(warmUp);
    await app.probe.until(SpeechCompleted);
    fill(filler);

    await app.probe.say(aSpeakRequest({ text: 'Out of room' }));
    expect((await untilSaid(app, SpeechFailed)).data.reason).toBe('storage_failed');
    expect(voices.asked).toHaveLength(1 + 1);
    expect(await assets()).toBe(1);
    expect(filesOf(disk!).filter((name) => name.includes('partial'))).toEqual([]);

    rmSync(filler);
    const again = aSpeakRequest({ text: 'Out of room' });
    await app.probe.say(again);
    const { data } = await app.probe.until(SpeechCompleted, (event) => event.data.speechId === again.data.speechId);
    expect(data).toMatchObject({ bytes: SPOKEN.length, reused: false });
  });

  it('room that is made between two tries is enough', async () => {
    fill(filler);
    const request = aSpeakRequest({ text: 'Wait for room' });
    const before = voices.asked.length;
    await app.probe.say(request);
    await until(() => voices.asked.length === before + 1, { what: 'the engine to be asked' });
    rmSync(filler);
    await untilSaid(app, SpeechCompleted, (event) => event.data.speechId === request.data.speechId);
    expect(voices.asked).toHaveLength(before + 1);
  });

  const assets = async () => ((await app.service.db.query('SELECT FROM audio_assets')) as unknown[]).length;
});

function mountSmallDisk(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    rmdirSync(path);
    return undefined;
  }
}

/** Takes all the room there is. */
function fill(path: string): void {
  expect(() => writeFileSync(path, Buffer.alloc(1024 * 1024))).toThrow('ENOSPC');
}

/** Names of files only, with their folders. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
