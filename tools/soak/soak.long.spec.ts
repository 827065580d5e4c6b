import { spawn } from 'node:child_process';
import { join } from 'node:path';

const missing = process.env['AMQP_MISSING'];
const itWithBroker = missing && process.env['CI'] !== 'true' ? it.skip : it;

/** Half a minute of talk, in which days pass; `npm run verify` takes longer. */
itWithBroker(
  'an installation of two processes each works on while days pass and processes are killed',
  async () => {
    const soak = spawn(process.execPath, [join(__dirname, '..', 'run.mjs'), 'soak', '--minutes', '0.5'], {
      // With a broker of its own: queues are named after services.
      env: { ...process.env, AMQP_URL: undefined, DATABASE_URL: undefined },
      // The channel ends with this process, however it ends, and the soak with it.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    for (const stream of [soak.stdout, soak.stderr])
      stream!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => soak.once('close', resolve));
    if (code !== 0) throw new Error(`the soak ended with ${code}:\n${output}`);
    const report = JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
    expect(report).toMatchObject({
      ok: true,
      unanswered: 0,
      doubled: 0,
      overwritten: 0,
      connectionsGrowth: 0,
      waitingJobs: 0,
      errorLines: 0,
      failures: {},
    });
    expect(report['questions']).toBeGreaterThan(10);
  },
  600_000,
);
