import { until } from '@switchboard/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_BOTS, followSandboxBots, localBots, sandboxBots } from './bots.mts';
import { connectSandbox } from './sandbox-client.mts';

describe('the bots of a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bots-'));
  const write = (id: string, content: object) => writeFileSync(join(folder, `${id}.json`), JSON.stringify(content));
  beforeAll(() => {
    write('books', { name: 'Books', channel: { kind: 'telegram', apiRoot: 'sandbox', tokenEnv: 'BOOKS_TOKEN' } });
    write('letters', { name: 'Letters', channel: { kind: 'pigeon', apiRoot: 'sandbox', account: 'a' } });
    write('nameless', { channel: { kind: 'telegram', apiRoot: 'sandbox', tokenFile: 'token.txt', username: 'n_bot' } });
    write('real', { name: 'Real', channel: { kind: 'telegram', tokenEnv: 'REAL_TOKEN' } });
    write('tokenless', { name: 'Tokenless', channel: { kind: 'telegram', apiRoot: 'sandbox', tokenEnv: 'NOT_SET' } });
    writeFileSync(join(folder, 'token.txt'), '9:from-file\n');
    writeFileSync(join(folder, 'unreadable.json'), '{');
    writeFileSync(join(folder, 'notes.md'), '# no bot');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are known to the sandbox where they live in its Telegram, wherever their tokens are', async () => {
    expect(await sandboxBots(folder, { BOOKS_TOKEN: '8:from-variable' })).toEqual([
      { id: 'books', name: 'Books', token: '8:from-variable' },
      { id: 'nameless', name: 'nameless', token: '9:from-file', username: 'n_bot' },
    ]);
  });

  it('are listed with where people meet them', async () => {
    expect(await localBots(folder, {})).toEqual([
      { id: 'books', name: 'Books', channel: 'telegram', apiRoot: 'sandbox' },
      { id: 'letters', name: 'Letters', channel: 'pigeon', apiRoot: 'sandbox' },
      { id: 'nameless', name: 'nameless', channel: 'telegram', apiRoot: 'sandbox' },
      { id: 'real', name: 'Real', channel: 'telegram' },
      { id: 'tokenless', name: 'Tokenless', channel: 'telegram', apiRoot: 'sandbox' },
    ]);
  });

  it('that are added while the sandbox runs become known to it', async () => {
    const told: unknown[] = [];
    const sandbox = createServer((request, response) => {
      void json(request).then((bot) => told.push({ url: request.url, bot }));
      response.end('{}');
    });
    await new Promise<void>((listening) => sandbox.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(sandbox.address() as AddressInfo).port}`;
    const unfollow = followSandboxBots(folder, {}, await connectSandbox(url));
    write('added', { name: 'Added', channel: { kind: 'telegram', apiRoot: 'sandbox', token: '7:sandbox' } });
    const bot = { name: 'Added', token: '7:sandbox' };
    await until(() => told.length > 0, { what: 'the sandbox being told' });
    expect(told[0]).toEqual({ url: '/control/telegram/bots', bot });
    unfollow();
    rmSync(join(folder, 'added.json'));
    sandbox.close();
  });

  it('are without the first one when that is in the real Telegram', async () => {
    const [first, ...others] = await sandboxBots(DEMO_BOTS, {});
    expect(await sandboxBots(DEMO_BOTS, { TELEGRAM_BOT_TOKEN: '1:real' })).toEqual(others);
    expect(first).toMatchObject({ id: 'lantern', token: expect.stringContaining(':sandbox-') });
  });
});
