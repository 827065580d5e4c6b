import { createTestDatabase, testEnv } from '@switchboard/testing';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';

/** A process that starts an installation with the variables it was given, says where it answers, and stops it. */
const launcher = `
  const { startInstallation } = await import(${JSON.stringify(pathToFileURL(join(__dirname, 'installation.mts')).href)});
  const [stateDir, given] = process.argv.slice(1);
  const installation = await startInstallation({ stateDir, ports: 'free', env: JSON.parse(given) });
  const bots = await (await fetch(installation.sandboxUrl + '/control/telegram/bots')).json();
  console.log(JSON.stringify({ services: installation.services, bots: bots.map(({ username }) => username) }));
  await installation.stop();
`;

describe('an installation on this machine', () => {
  it('takes what a person has set over what it would make itself', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'installation-'));
    const database = await createTestDatabase();
    const encryptionKeys = `mine:${Buffer.alloc(32, 9).toString('base64')}`;
    const channel = { kind: 'telegram', apiRoot: 'sandbox', tokenEnv: 'BOOKS_TOKEN', username: 'books_bot' };
    const company = join(stateDir, 'company');
    mkdirSync(company);
    writeFileSync(join(company, 'books.json'), JSON.stringify({ name: 'Books', channel }));
    const given = {
      BOTS_FOLDER: company,
      BOOKS_TOKEN: '7000000009:sandbox-books',
      DATABASE_URL: database.url,
      // Roles belong to the server, which others use at the same time.
      DATABASE_ROLE_SECRET: testEnv(database.url, '').DATABASE_ROLE_SECRET,
      ENCRYPTION_KEYS: encryptionKeys,
      LOG_LEVEL: 'debug',
      CHAT_AI_PORT: '',
    };
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      launcher,
      stateDir,
      JSON.stringify(given),
    ]);
    const { services, bots } = JSON.parse(stdout) as { services: object; bots: string[] };
    expect(Object.keys(services)).toContain('bot-adapter');
    expect(bots).toEqual(['books_bot']);
    expect(readFileSync(join(stateDir, 'logs/services.log'), 'utf8')).toContain('"level":"debug"');
    expect(existsSync(join(stateDir, 'postgres'))).toBe(false);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rowCount } = await client.query(`SELECT FROM pg_namespace WHERE nspname = 'bot_adapter'`);
    await client.end();
    expect(rowCount).toBe(1);
    await database.drop();
    rmSync(stateDir, { recursive: true });
  }, 90_000);
});
