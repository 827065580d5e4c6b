import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const lockModule = JSON.stringify(pathToFileURL(join(__dirname, 'process-lock.mjs')).href);

const node = (code: string, ...args: string[]) =>
  spawn(process.execPath, ['--input-type=module', '--eval', code, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

/** Reads a number, lets others run, and writes it back plus one: loses counts unless it is alone. */
const counter = `
  const { takeLock } = await import(${lockModule});
  const { readFileSync, writeFileSync } = await import('node:fs');
  const [folder, file] = process.argv.slice(1);
  for (let i = 0; i < 5; i++) {
    const release = await takeLock(folder);
    const count = Number(readFileSync(file, 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    writeFileSync(file, String(count + 1));
    release();
  }
`;

const holder = `
  const { takeLock } = await import(${lockModule});
  await takeLock(process.argv[1]);
  console.log('held');
  setInterval(() => {}, 1000);
`;

const visitor = `
  const { takeLock } = await import(${lockModule});
  await takeLock(process.argv[1], { wait: false }).then(() => console.log('taken'), (error) => console.log(error.pid));
`;

describe('the lock between processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'process-lock-'));
  const lock = join(folder, 'lock');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const firstLine = async (child: ReturnType<typeof node>) => String((await once(child.stdout, 'data'))[0]).trim();

  it('lets one process in at a time', async () => {
    const file = join(folder, 'count');
    writeFileSync(file, '0');
    const exits = [1, 2, 3, 4].map(() => once(node(counter, lock, file), 'exit'));
    expect((await Promise.all(exits)).map(([code]) => code as number)).toEqual([0, 0, 0, 0]);
    expect(readFileSync(file, 'utf8')).toBe('20');
  });

  it('names its holder to those who do not wait, and is free after kill -9 of the holder', async () => {
    const first = node(holder, lock);
    await firstLine(first);
    expect(await firstLine(node(visitor, lock))).toBe(String(first.pid));

    const gone = once(first, 'exit');
    first.kill('SIGKILL');
    await gone;
    expect(await firstLine(node(visitor, lock))).toBe('taken');
  });

  it('is not held by another process that was given the number of a dead holder', async () => {
    const reused = join(folder, 'reused');
    await once(node(visitor, reused), 'exit');
    writeFileSync(join(reused, '1'), JSON.stringify({ pid: process.pid, started: '1' }));
    expect(await firstLine(node(visitor, reused))).toBe('taken');
  });
});
