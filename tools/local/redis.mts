import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended } from './processes.mts';

const TRIES = 5;

/** Starts a Redis that keeps nothing. */
export async function startRedis(path: string, folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  mkdirSync(folder, { recursive: true });
  for (let left = TRIES; ; left--) {
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const isReady = await new Promise<boolean>((resolve) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += String(chunk);
        if (/Ready to accept connections/i.test(said)) resolve(true);
      });
      child.once('error', () => resolve(false));
      // Somebody else was faster with the port.
      child.once('exit', () => resolve(false));
    });
    if (isReady) {
      const stop = async () => {
        child.kill('SIGKILL');
        await ended(child);
      };
      return { url: `redis://127.0.0.1:${port}`, stop };
    }
    if (left === 1) throw new Error(`${path} does not start`);
    await sleep(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
