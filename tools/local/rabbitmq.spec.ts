import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const address = (file: string) => JSON.stringify(pathToFileURL(join(__dirname, file)).href);
const program = `
  const { findRabbitMq } = await import(${address('rabbitmq-server.mts')});
  const { removeRabbitMq, startRabbitMq } = await import(${address('rabbitmq.mts')});
  const [dataDir] = process.argv.slice(1);
  const found = await findRabbitMq();
  if ('missing' in found) throw new Error(found.missing);
  const broker = await startRabbitMq({ dataDir, server: found.server });
  console.log(broker.url);
  await broker.kill('SIGKILL');
  removeRabbitMq(dataDir);
`;

const itWithBroker = process.env['AMQP_MISSING'] && process.env['CI'] !== 'true' ? it.skip : it;

describe('the local RabbitMQ', () => {
  itWithBroker(
    'starts in a folder with a Cyrillic name, as checkouts in a home of that name are',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'local-rabbitmq-'));
      const dataDir = join(folder, 'Мои проекты');
      mkdirSync(dataDir);
      const { AMQP_URL: _, ...env } = process.env;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', program, dataDir],
        { env },
      );
      expect(stdout).toMatch(/^amqp:\/\//);
      rmSync(folder, { recursive: true });
    },
    120_000,
  );
});
