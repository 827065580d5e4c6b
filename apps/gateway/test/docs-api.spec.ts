import { startApp, type TestApp } from '@switchboard/testing';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transpileModule, ModuleKind, ScriptTarget } from 'typescript';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../src/gateway.app';
import { signInStaff } from './sign-in';

const page = readFileSync(join(__dirname, '../../../docs/api.md'), 'utf8');
const example = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)![1]!;

describe('the examples for partners', () => {
  let app: TestApp;
  let key: string;

  beforeAll(async () => {
    app = await startApp(gatewayApp);
    const { headers } = await signInStaff(app, 'owner');
    const response = await fetch(`${app.service.publicUrl}/v1/keys`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': uuidv7() },
      body: JSON.stringify({ name: 'Example', team: 'partners', scopes: ['webhooks:read'] }),
    });
    ({ key } = (await response.json()) as { key: string });
  });
  afterAll(() => app.stop());

  const here = (text: string) => text.replaceAll('https://bots.example.com', app.service.publicUrl!);

  it('work with curl', async () => {
    const answer = await new Promise<string>((resolve, reject) =>
      execFile(
        'sh',
        ['-c', here(example('sh')).replace('curl ', 'curl -sS ')],
        { env: { ...process.env, SWITCHBOARD_KEY: key } },
        (error, stdout) => (error ? reject(error) : resolve(stdout)),
      ),
    );
    expect(JSON.parse(answer)).toMatchObject({
      types: expect.arrayContaining([{ type: 'gateway.bot.configured' }].map((type) => expect.objectContaining(type))),
    });
  });

  it('work with the typed client', async () => {
    const code = here(example('ts')).replace(/^import (\{[^}]+\}) from ('[^']+');$/m, 'const $1 = require($2);');
    const options = { module: ModuleKind.None, target: ScriptTarget.ES2024 };
    const { outputText } = transpileModule(`(async () => {${code}})()`, { compilerOptions: options });
    const said: string[] = [];
    const environment = { env: { SWITCHBOARD_KEY: key } };
    const log = { log: (line: unknown) => said.push(String(line)) };
    await (
      new Function('require', 'process', 'console', `return ${outputText.replace('"use strict";', '').trim()}`) as (
        ...names: unknown[]
      ) => Promise<void>
    )(require, environment, log);
    expect(said.join()).toContain('gateway.bot.configured: ');
  });
});
