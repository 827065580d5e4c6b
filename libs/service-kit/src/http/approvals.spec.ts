import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Actor } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { notesApp, NoteWritten } from '../../test/notes.app';
import type { ApprovalDemand, ApprovalVerdict } from './approvals';

const scopes = ['notes:write'];
const anna: Actor = { kind: 'staff', id: uuidv7(), roles: [], scopes };

describe('a route whose requests may need an approval', () => {
  let gateway: Server;
  let app: TestApp;
  const demands: ApprovalDemand[] = [];
  let verdict: ApprovalVerdict | 'away';

  beforeAll(async () => {
    gateway = createServer((request, response) => {
      // It also asks for bots.
      if (verdict === 'away' || !request.url!.startsWith('/approvals')) return void request.socket.destroy();
      void json(request).then((body) => {
        demands.push(body as ApprovalDemand);
        response.setHeader('content-type', 'application/json').end(JSON.stringify(verdict));
      });
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    app = await startApp(notesApp, { events: [NoteWritten], directory: new Map([['gateway', address]]) });
  });
  afterAll(async () => {
    await app.stop();
    gateway.closeAllConnections();
    gateway.close();
  });
  beforeEach(() => {
    demands.length = 0;
    verdict = { verdict: 'passed' };
  });

  const publish = async (text: string, more: Record<string, string> = {}, as = anna) => {
    const response = await fetch(`${app.url}/bots/lumen/publications?x=1`, {
      method: 'POST',
      headers: {
        ...(await app.as('gateway', as)),
        'content-type': 'application/json',
        'idempotency-key': uuidv7(),
        ...more,
      },
      body: JSON.stringify({ text }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const written = async () =>
    Number((await app.service.db.query<[{ n: string }]>('SELECT count(*) AS n FROM notes'))[0].n);

  it('asks the gateway about those that do, and about no others', async () => {
    expect((await publish('quiet')).status).toBe(200);
    expect(demands).toEqual([]);
    const key = uuidv7();
    const approvalId = uuidv7();
    expect((await publish('loud!', { 'idempotency-key': key, 'x-approval': approvalId })).status).toBe(200);
    expect(demands).toEqual([
      {
        ...{ requester: anna.id, method: 'POST', path: '/bots/lumen/publications?x=1', body: { text: 'loud!' } },
        ...{ execution: key, botId: 'lumen', userId: null, approvalId },
        route: expect.objectContaining({ id: 'notes.publications.create', permission: 'notes:write' }) as object,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ]);
  });

  it('does nothing before it was approved, and says by whom that is to be asked again', async () => {
    const before = await written();
    verdict = {
      verdict: 'required',
      approvalId: uuidv7(),
      expiresAt: '2026-12-01T00:00:00.000Z' as never,
      state: 'pending',
    };
    const first = await publish('loud!');
    const { approvalId, expiresAt, state } = verdict;
    expect(first).toMatchObject({
      status: 423,
      body: { code: 'approval_required', params: { approvalId, expiresAt, state } },
    });
    verdict = { verdict: 'unusable', state: 'used' };
    const other = await publish('loud!', { 'x-approval': 'what is that' });
    expect(other).toMatchObject({ status: 409, body: { code: 'approval_unusable', params: { state: 'used' } } });
    expect(await written()).toBe(before);
  });

  it('takes the same request for the same, and another one for another', async () => {
    for (const text of ['loud!', 'loud!', 'louder!']) await publish(text);
    const [one, two, three] = demands.map(({ hash }) => hash);
    expect([one === two, one === three]).toEqual([true, false]);
  });

  it('does nothing while nobody can be asked, nor without an idempotency key, nor for a key of a program', async () => {
    const before = await written();
    verdict = 'away';
    expect((await publish('loud!')).status).toBe(503);
    expect((await publish('loud!', { 'idempotency-key': '' })).status).toBe(400);
    expect((await publish('loud!', {}, { ...anna, kind: 'key' })).status).toBe(403);
    expect((await publish('quiet', {}, { ...anna, kind: 'key' })).status).toBe(200);
    expect(await written()).toBe(before + 1);
  });
});
