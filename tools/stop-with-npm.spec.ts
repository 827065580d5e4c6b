import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '@switchboard/testing';

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a program that npm has started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stop-with-npm-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['SIGTERM', 'SIGKILL'] as const)('stops when npm itself is ended by %s', async (signal) => {
    const module = JSON.stringify(pathToFileURL(join(__dirname, 'stop-with-npm.mjs')).href);
    writeFileSync(
      join(folder, 'stay.mjs'),
      `import { stopWithNpm } from ${module}; stopWithNpm(); console.log(process.pid); setInterval(() => {}, 1000);`,
    );
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ scripts: { stay: `"${process.execPath}" stay.mjs` } }),
    );
    const npm = spawn('npm', ['run', '--silent', 'stay'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = (await once(npm.stdout, 'data')) as [Buffer];
    const pid = Number(printed);
    expect(isRunning(pid)).toBe(true);
    npm.kill(signal);
    await until(() => !isRunning(pid), { what: 'the program to stop' });
  });
});
