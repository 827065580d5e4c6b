import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { MemoryTransport } from '@switchboard/bus';
import type { KeptBot } from '@switchboard/contracts';
import {
  createTestDatabase,
  keptBot,
  PretendedGateway,
  startApp,
  type TestApp,
  type TestDatabase,
  until,
} from '@switchboard/testing';
import { z } from 'zod';
import { type BotChange, BotsRegistry } from './bots-registry';
import { defineApp } from './define-app';

@Module({})
class DeskModule {}

const deskApp = defineApp({
  name: 'desk',
  module: DeskModule,
  config: z.object({}),
  entities: [],
  migrations: [],
  port: 0,
});

const telegram = { kind: 'telegram' };
describe('bots that the gateway keeps', () => {
  const transport = new MemoryTransport();
  const running: TestApp[] = [];
  let gateway: PretendedGateway;
  let folder: string;
  let database: TestDatabase;

  beforeEach(async () => {
    gateway = await PretendedGateway.start();
    folder = mkdtempSync(join(tmpdir(), 'bots-'));
    database = await createTestDatabase();
    write('file', { name: 'Of a file' });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.stop({ keepDatabase: true })));
    gateway.stop();
    rmSync(folder, { recursive: true });
    await database.drop();
  });
  afterAll(() => transport.close());

  const write = (id: string, description: object) =>
    writeFileSync(join(folder, `${id}.json`), JSON.stringify({ channel: telegram, ...description }));
  const start = async (directory = gateway.directory, env: Record<string, string> = {}) => {
    const app = await startApp(deskApp, { transport, directory, database, env: { BOTS_FOLDER: folder, ...env } });
    running.push(app);
    return { app, bots: app.service.nest.get(BotsRegistry, { strict: false }) };
  };
  const stop = async (app: TestApp) => {
    running.splice(running.indexOf(app), 1);
    await app.stop({ keepDatabase: true });
  };
  const keep = (...bots: KeptBot[]) => gateway.keep(bots, transport);
  const names = (bots: BotsRegistry) => bots.all().map(({ name }) => name);
  const knows = (bots: BotsRegistry, ...expected: string[]) =>
    until(() => names(bots).join() === expected.join(), { what: `the bots ${expected.join()}` });
  const isKept = () =>
    until(async () => (await running[0]!.service.db.query<unknown[]>('SELECT FROM gateway_bots')).length > 0, {
      what: 'the answer in the database',
    });

  it('are known beside those of files, and a change is known in each process as soon as it is signalled', async () => {
    keep(keptBot('one'));
    const [first, second] = [await start(), await start()];
    for (const { bots } of [first, second]) await knows(bots, 'Of a file', 'one');
    const changes: BotChange[] = [];
    second.bots.onChange((change) => void changes.push(change));
    keep(keptBot('one', { description: { name: 'One II', channel: telegram } }), keptBot('two'));
    for (const { bots } of [first, second]) await knows(bots, 'Of a file', 'One II', 'two');
    expect(changes.map(({ id, before, after }) => [id, before?.name, after?.name])).toEqual([
      ['one', 'one', 'One II'],
      ['two', undefined, 'two'],
    ]);
  });

  it('are asked for in full only when something has changed', async () => {
    keep(keptBot('one'));
    const { bots } = await start();
    await knows(bots, 'Of a file', 'one');
    keep(keptBot('one'));
    await until(() => gateway.asked.length >= 2, { what: 'the second question' });
    expect(gateway.asked[0]).toBeNull();
    expect(gateway.asked[1]).not.toBeNull();
  });

  it('are there at a start without the gateway, from what it said last, which is encrypted', async () => {
    keep(keptBot('one', { secrets: { 'channel.token': '7:very-secret' } }));
    const { app, bots } = await start();
    await knows(bots, 'Of a file', 'one');
    await isKept();
    const [row] = await app.service.db.query<{ answer: string }[]>('SELECT answer FROM gateway_bots');
    expect(row!.answer).toMatch(/^r1\.test\./);
    expect(row!.answer).not.toContain('very-secret');
    await stop(app);
    const again = await start(new Map([['gateway', 'http://127.0.0.1:9']]));
    expect(names(again.bots)).toEqual(['Of a file', 'one']);
    expect(again.bots.secret('one', 'channel', 'token')).toBe('7:very-secret');
  });

  it('keep a secret that the gateway cannot read just now', async () => {
    keep(keptBot('one', { secrets: { 'channel.token': '7:very-secret', 'assistant.apiKey': 'sk-1' } }));
    const { app, bots } = await start();
    await knows(bots, 'Of a file', 'one');
    const description = { name: 'One II', channel: telegram };
    keep(keptBot('one', { description, secrets: {}, unreadable: ['channel.token'] }));
    await knows(bots, 'Of a file', 'One II');
    expect(bots.secret('one', 'channel', 'token')).toBe('7:very-secret');
    expect(bots.secret('one', 'assistant', 'apiKey')).toBeUndefined();
    await stop(app);
    const again = await start(new Map([['gateway', 'http://127.0.0.1:9']]));
    expect(again.bots.secret('one', 'channel', 'token')).toBe('7:very-secret');
  });

  it('are missing at the very first start without the gateway, and come when it does', async () => {
    keep(keptBot('one'));
    const directory = new Map([['gateway', 'http://127.0.0.1:9']]);
    const { bots } = await start(directory);
    expect(names(bots)).toEqual(['Of a file']);
    directory.set('gateway', gateway.url);
    await knows(bots, 'Of a file', 'one');
  });

  it('go before a file of the same id, also when they are archived', async () => {
    keep(keptBot('file'));
    const { bots } = await start();
    await knows(bots, 'file');
    keep(keptBot('file', { state: 'archived' }));
    await knows(bots);
    expect(bots.archived('file')).toMatchObject({ name: 'file' });
  });

  it('stay as they were when their new description cannot be used, and are paused all the same', async () => {
    keep(keptBot('one'));
    const { bots } = await start();
    await knows(bots, 'Of a file', 'one');
    keep(keptBot('one', { state: 'paused', description: { name: '', channel: telegram } }));
    await until(() => bots.find('one')?.isPaused, { what: 'the pause' });
    expect(bots.find('one')).toMatchObject({ name: 'one', isPaused: true });
    keep(keptBot('one', { description: { name: '', channel: {} } }));
    await until(() => bots.find('one')?.isPaused === false, { what: 'the end of the pause' });
    keep(keptBot('one', { state: 'archived', description: { name: '' } }));
    await knows(bots, 'Of a file');
  });

  it('keep no service from starting, whatever is wrong with them', async () => {
    keep(keptBot('one'));
    rmSync(join(folder, 'file.json'));
    const { app, bots } = await start(undefined, { BOTS_FOLDER: '' });
    await knows(bots, 'one');
    keep(keptBot('one', { description: { channel: 'nonsense' } }), keptBot('two'));
    await knows(bots, 'one', 'two');
    await isKept();
    await stop(app);
    expect(names((await start(undefined, { BOTS_FOLDER: '' })).bots)).toEqual(['two']);
  });

  it('are followed also while the folder of files cannot be read', async () => {
    const { bots } = await start();
    await until(() => gateway.asked.length > 0, { what: 'the first question' });
    rmSync(join(folder, 'file.json'));
    keep(keptBot('one'));
    await knows(bots, 'Of a file', 'one');
  });

  it('are refused when they share the token of a file, and a file that comes later with theirs is', async () => {
    const token = { 'channel.token': '7:same' };
    write('file', { name: 'Of a file', channel: { kind: 'telegram', tokenEnv: 'SAME' } });
    keep(keptBot('one', { secrets: token }));
    const { app, bots } = await start(undefined, { SAME: '7:same' });
    await until(() => gateway.asked.length >= 1, { what: 'the question' });
    await isKept();
    expect(names(bots)).toEqual(['Of a file']);
    await stop(app);
    // Both are new to a process that starts: that of the gateway was held against the files when it was saved.
    expect(names((await start(undefined, { SAME: '7:same' })).bots)).toEqual(['one']);
  });

  it('name no folders or variables of the machine, but the folders of the file that they were taken over from', async () => {
    const description = { name: 'one', channel: telegram, desk: { knowledge: '../knowledge', keyEnv: 'LOOKUP_KEY' } };
    const withoutKey = { ...description, desk: { knowledge: '../knowledge' } };
    keep(
      keptBot('one', { description }),
      keptBot('taken', { description: withoutKey, takenFrom: withoutKey }),
      keptBot('two', { description: withoutKey }),
    );
    const { bots } = await start();
    await knows(bots, 'Of a file', 'one', 'one');
    expect(bots.find('one')).toBeUndefined();
    expect(bots.path('taken', 'desk', 'knowledge')).toBe(join(folder, '../knowledge'));
    expect(() => bots.path('two', 'desk', 'knowledge')).toThrow(/only a file that describes a bot may name/);
  });

  it('are brought to the new key when keys are rotated', async () => {
    const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
    keep(keptBot('one'));
    const { app, bots } = await start(undefined, { ENCRYPTION_KEYS: key('k1', 1) });
    await knows(bots, 'Of a file', 'one');
    await isKept();
    await stop(app);
    gateway.stop();
    const rotating = await start(undefined, { ENCRYPTION_KEYS: `${key('k2', 2)},${key('k1', 1)}` });
    const answers = () => rotating.app.service.db.query<{ answer: string }[]>('SELECT answer FROM gateway_bots');
    await until(async () => (await answers())[0]!.answer.startsWith('r1.k2.'), { what: 'the new key' });
    await stop(rotating.app);
    expect(names((await start(undefined, { ENCRYPTION_KEYS: key('k2', 2) })).bots)).toEqual(['Of a file', 'one']);
  });
});
