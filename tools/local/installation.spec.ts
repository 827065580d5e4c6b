import { createTestDatabase } from '@switchboard/testing';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const launch = (stateDir: string, given: Record<string, string>) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '--eval', launcher, stateDir, JSON.stringify(given)]);

describe('an installation on this machine', () => {
  it('takes what a person has set over what it would make itself, and is not started on data with keys made anew', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'installation-'));
    const database = await createTestDatabase();
    const encryptionKeys = `mine:${Buffer.alloc(32, 9).toString('base64')}`;
    const channel = { kind: 'telegram', apiRoot: 'sandbox', tokenEnv: 'BOOKS_TOKEN', username: 'books_bot' };
    const company = mkdtempSync(join(tmpdir(), 'company-'));
    writeFileSync(join(company, 'books.json'), JSON.stringify({ name: 'Books', channel }));
    const given = {
      BOTS_FOLDER: company,
      BOOKS_TOKEN: '7000000009:sandbox-books',
      DATABASE_URL: database.url,
      ENCRYPTION_KEYS: encryptionKeys,
      LOG_LEVEL: 'debug',
      CHAT_AI_PORT: '',
    };
    const { stdout } = await launch(stateDir, given);
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

    // As in a second checkout, or when the folder was deleted: without an .env the keys are made anew.
    const { ENCRYPTION_KEYS: _, ...withoutKeys } = given;
    rmSync(stateDir, { recursive: true });
    const again = launch(stateDir, withoutKeys);
    await expect(again).rejects.toThrow(/ENCRYPTION_KEYS: the data of the schema bot_adapter needs .*\(mine\)/);
    await expect(again).rejects.toThrow(/LOOKUP_KEY: is another one/);
    await database.drop();
    for (const folder of [stateDir, company]) rmSync(folder, { recursive: true });
  }, 120_000);
});
