import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chatAiApp } from '@switchboard/chat-ai';
import { defineRoute, type RouteDefinition, routes } from '@switchboard/contracts';
import { generateIdentityKeys } from '@switchboard/service-kit';
import { startApp, type TestApp } from '@switchboard/testing';
import { z } from 'zod';

jest.mock('./verbs/build.mts', () => ({ build: () => Promise.resolve() }));

describe('npm run call, of a resource that is changed', () => {
  const note = {
    method: 'PATCH',
    path: '/notes',
    permission: 'notes:write',
    answer: z.object({ revision: z.int() }),
  } as const;
  const ChangeNote = defineRoute({ ...note, id: 'shop.notes.change', summary: '.', etag: 'revision', ifMatch: true });
  const seen: (string | undefined)[] = [];
  const service = createServer((request, response) => {
    seen.push(request.headers['if-match']);
    response.setHeader('content-type', 'application/json').end('{"revision":7}');
  });
  beforeAll(() => new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve)));
  afterAll(() => service.close());
  afterEach(() => jest.restoreAllMocks());

  it('says the ETag of what it answers, and takes one as a shell gives it', async () => {
    (routes as RouteDefinition[]).push(ChangeNote);
    const { private: keys } = await generateIdentityKeys(['operator']);
    process.env['OPERATOR_PRIVATE_KEY'] = JSON.stringify(keys.get('operator'));
    const { main } = await import('./verbs/call.mts');
    jest.spyOn(console, 'log').mockReturnValue();
    const said = jest.spyOn(console, 'error').mockReturnValue();
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    for (const tag of ['7', '"7"', '*']) await main([ChangeNote.id, '--if-match', tag, '--url', url]);
    expect(seen).toEqual(['"7"', '"7"', '*']);
    expect(said).toHaveBeenLastCalledWith('ETag: "7"');
  });
});

describe('npm run call', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(chatAiApp);
  });
  afterAll(() => app.stop());

  const call = async (...args: string[]) => {
    const env = {
      ...process.env,
      CHAT_AI_URL: app.url,
      OPERATOR_PRIVATE_KEY: JSON.stringify(app.keys.private.get('operator')),
    };
    const options = { cwd: join(__dirname, '..'), env };
    const done = promisify(execFile)(process.execPath, ['tools/run.mjs', 'call', ...args], options);
    return done.catch((error: { stdout: string; stderr: string }) => error);
  };
  const period = ['from=2026-11-01T00:00:00Z', 'to=2026-12-01T00:00:00Z'];

  it('lets an operator read what a service knows', async () => {
    const { stdout } = await call('chat-ai.usage.read', ...period);
    expect(JSON.parse(stdout)).toMatchObject({ totals: [] });
  }, 60_000);

  it('lets an operator do what may be done, in his own name', async () => {
    await app.service.db.query(
      `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, reason, error, attempts, parked_at, due_at)
       VALUES ('turns', gen_random_uuid(), 'a.b.c.v1', 's', '{}', 'dead', 'permanent', 'Error: no', 1, now(), now())`,
    );
    const why = 'why=nobody needs it';
    const { stdout } = await call('chat-ai.dead-letters.discard', '--as', 'anna', why, 'limit:=1');
    expect(JSON.parse(stdout)).toEqual({ discarded: 1 });
    const rows = await app.service.db.query('SELECT discarded_by AS by, discarded_why AS why FROM parked_events');
    expect(rows).toEqual([{ by: 'staff:anna', why: 'nobody needs it' }]);
  }, 60_000);

  it('says what was wrong', async () => {
    const backwards = await call('chat-ai.usage.read', 'from=2026-12-01T00:00:00Z', 'to=2026-11-01T00:00:00Z');
    expect(JSON.parse(backwards.stderr)).toMatchObject({ status: 422, errors: [{ pointer: '/to' }] });
    expect((await call('chat-ai.usage.read', 'since=today')).stderr).toContain(
      'It is asked with from, to, not with since.',
    );
    const unknown = await call('chat-ai.usage.erase');
    expect(unknown.stderr).toContain('There is no route "chat-ai.usage.erase".');
    expect(unknown.stdout).toContain('bot-adapter.dead-letters.summarize');
  }, 60_000);
});
