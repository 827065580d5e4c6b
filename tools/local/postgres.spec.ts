import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';

/** A process that starts Postgres in the folder, says where, and stops it when its input ends. */
const launcher = `
  const { startPostgres } = await import(${JSON.stringify(pathToFileURL(join(__dirname, 'postgres.mts')).href)});
  const server = await startPostgres({ dataDir: process.argv[1] });
  console.log(JSON.stringify({ url: server.url, pid: server.pid }));
  process.stdin.resume().once('end', () => void server.stop());
`;

interface Launched {
  process: ChildProcess;
  url: string;
  pid: number;
}

describe('the local Postgres', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'local-postgres-'));
  let running: Launched | undefined;

  const launch = async (): Promise<Launched> => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', launcher, dataDir]);
    let said = '';
    let complained = '';
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk));
    for await (const chunk of child.stdout) {
      said += chunk;
      if (said.endsWith('\n')) break;
    }
    if (!said) throw new Error(complained);
    return { process: child, ...(JSON.parse(said) as { url: string; pid: number }) };
  };

  const start = async () => (running = await launch());

  const query = async ({ url }: Launched, sql: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  };

  const stop = async (launched: Launched) => {
    const gone = once(launched.process, 'exit');
    launched.process.stdin!.end();
    await gone;
  };

  const killLauncher = async (launched: Launched) => {
    const gone = once(launched.process, 'exit');
    launched.process.kill('SIGKILL');
    await gone;
  };

  const isRunning = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  afterAll(async () => {
    if (running?.process.exitCode === null) await stop(running);
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('folds Cyrillic case whatever the locale of the machine', async () => {
    const server = await start();
    expect(await query(server, `SELECT lower('ЁЛКА') AS name`)).toEqual(['ёлка']);
  });

  it('refuses a folder that a living launcher uses', async () => {
    await expect(launch()).rejects.toThrow(`is in use by process ${running!.process.pid}`);
  });

  it('leaves nothing running after a stop, and keeps rows and address for the next start', async () => {
    await query(running!, `CREATE TABLE people AS SELECT 'Anna' AS name`);
    const { url, pid } = running!;
    await stop(running!);
    expect(isRunning(pid)).toBe(false);

    const again = await start();
    expect(again.url).toBe(url);
    expect(await query(again, 'SELECT name FROM people')).toEqual(['Anna']);
  });

  it('takes over after kill -9 of its launcher', async () => {
    const { pid } = running!;
    await killLauncher(running!);
    expect(isRunning(pid)).toBe(true);

    const again = await start();
    expect(again.pid).not.toBe(pid);
    expect(await query(again, 'SELECT name FROM people')).toEqual(['Anna']);
  });

  it('recovers every committed row after kill -9 of the server and its launcher', async () => {
    await query(running!, `INSERT INTO people VALUES ('Boris')`);
    process.kill(running!.pid, 'SIGKILL');
    await killLauncher(running!);

    expect(await query(await start(), 'SELECT name FROM people ORDER BY name')).toEqual(['Anna', 'Boris']);
  });
});
