import {
  type AuditAction,
  type Actor,
  AuditEntryAppendRequested,
  CreateApiKey,
  InviteStaff,
  ListAuditEntries,
  ListAuditKeys,
  ListOwnAuditEntries,
  ProveAuditEntry,
  ReadAuditEntry,
} from '@switchboard/contracts';
import { asPerson, Schedules } from '@switchboard/service-kit';
import { erasePerson, startApp, tablesWith, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../gateway.app';
import { mistakeInProof, type AuditProof } from './audit-chain';
import type { AuditEntry } from './audit-entry';
import { AuditLog } from './audit-log';
import { AuditRootsService } from './audit-roots.service';

describe('the audit log', () => {
  let app: TestApp;
  let log: AuditLog;
  beforeAll(async () => {
    app = await startApp(gatewayApp);
    log = app.service.nest.get(AuditLog, { strict: false });
    // A run of the far future keeps back those of the next minutes.
    const schedules = app.service.nest.get(Schedules, { strict: false });
    await schedules.runSlot('sign-audit-log', new Date(Date.now() + 366 * 86_400_000));
  });
  afterAll(() => app.stop());

  const anEntry = (entry: Partial<AuditEntry> = {}): AuditEntry => ({
    actor: { kind: 'staff', id: uuidv7(), roles: ['admin'] },
    action: 'gateway.things.change' as AuditAction,
    resource: { type: 'thing', id: uuidv7() },
    result: 'done',
    ...entry,
  });
  const append = (...entries: AuditEntry[]) => log.append(app.service.db.manager, ...entries);
  const list = async (query: Record<string, unknown> = {}, actor?: Actor) =>
    (await app.gateway.call(ListAuditEntries, { query }, actor && { actor })).data;

  it('says who did what, to what, when and how it ended', async () => {
    const entry = anEntry({
      reason: 'because',
      requestId: uuidv7(),
      details: { params: { thingId: 7 } },
      botId: 'lumen',
    });
    await append(entry);
    const [found] = await list({ resourceId: entry.resource.id });
    expect(found).toEqual({
      id: expect.stringMatching(/^[0-7]\.\d+$/),
      at: app.clock.now(),
      actor: entry.actor,
      onBehalfOf: null,
      action: 'gateway.things.change',
      resource: entry.resource,
      botId: 'lumen',
      changes: null,
      details: { params: { thingId: 7 } },
      reason: 'because',
      approvalId: null,
      requestId: entry.requestId,
      result: 'done',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await app.gateway.call(ReadAuditEntry, { params: { entryId: found!.id } })).toEqual(found);
  });

  it('says what staff and keys are called, as they are called when it is read', async () => {
    const owner: Actor = { kind: 'staff', id: uuidv7(), roles: ['owner'], scopes: ['*'] };
    const invitation = { email: 'nora@example.com', name: 'Nora Lind', grants: [] };
    const { staffId } = await app.gateway.call(
      InviteStaff,
      { body: invitation, idempotencyKey: uuidv7() },
      { actor: owner },
    );
    const wanted = { name: 'Shop backend', team: 'shop', scopes: ['usage:read'] };
    const { details: key } = await app.gateway.call(
      CreateApiKey,
      { body: wanted, idempotencyKey: uuidv7() },
      { actor: owner },
    );
    const nora = { type: 'staff', id: staffId };
    await append(
      anEntry({ actor: { kind: 'staff', id: staffId }, resource: { type: 'api-key', id: key.id } }),
      anEntry({ actor: { kind: 'key', id: key.id }, resource: nora }),
    );
    const name = { kind: 'staff', id: staffId, label: 'Nora Lind' };
    expect(await list({ actorId: staffId })).toMatchObject([{ actor: name, resource: { label: 'Shop backend' } }]);
    const [byKey] = await list({ actorId: key.id });
    expect(byKey).toMatchObject({ actor: { label: 'Shop backend' }, resource: { label: 'Nora Lind' } });
    expect(await app.gateway.call(ReadAuditEntry, { params: { entryId: byKey!.id } })).toEqual(byKey);
    expect(
      (await app.service.db.query(`SELECT actor FROM audit_entries WHERE actor_id = $1`, [staffId]))[0].actor,
    ).toEqual({});
  });

  it('shows what was and what became of it', async () => {
    const entry = anEntry({
      before: { name: 'old', tags: ['a'], kept: 1 },
      after: { name: 'new', tags: ['a', 'b'], kept: 1 },
    });
    await append(entry);
    const [found] = await list({ resourceId: entry.resource.id });
    const changes = found!.changes;
    expect(changes).toEqual(
      expect.arrayContaining([
        { op: 'test', path: '/name', value: 'old' },
        { op: 'replace', path: '/name', value: 'new' },
        { op: 'add', path: '/tags/1', value: 'b' },
      ]),
    );
    expect(changes).toHaveLength(3);
  });

  it('keeps of large changes and long texts what fits', async () => {
    const [large, long] = [
      anEntry({ before: {}, after: { pages: 'x'.repeat(40_000) } }),
      anEntry({ reason: 'y'.repeat(5000) }),
    ];
    await append(large, long);
    expect(await list({ resourceId: large.resource.id })).toMatchObject([{ changes: [{ op: 'too_large' }] }]);
    const [cut] = await list({ resourceId: long.resource.id });
    expect(cut!.reason).toHaveLength(2001);
  });

  it('takes any text, and any number', async () => {
    const details = { odd: 'a\0b\ud800c', numbers: [0.1, 1e300, -0, 5e-324, 2 ** 53], nothing: null, at: new Date(0) };
    const entry = anEntry({ details });
    await append(entry);
    const [kept] = await list({ resourceId: entry.resource.id });
    expect(kept!.details).toEqual({
      odd: 'a\ufffdb\ufffdc',
      numbers: [0.1, 1e300, 0, 5e-324, 2 ** 53],
      nothing: null,
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it('is rolled back with the change it tells of', async () => {
    const entry = anEntry();
    const failing = app.service.db.transaction(async (tx) => {
      await log.append(tx, entry);
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await list({ resourceId: entry.resource.id })).toEqual([]);
  });

  it('takes what other services ask for once, with the time at which it happened', async () => {
    const resourceId = uuidv7();
    const saidAt = new Date(app.clock.now().getTime() - 60_000).toISOString();
    const event = await app.probe.say(
      AuditEntryAppendRequested({
        actor: { kind: 'staff', id: uuidv7(), roles: ['editor'] },
        action: 'chat-ai.prompts.publish',
        resourceType: 'prompt',
        resourceId,
        before: { version: 1 },
        after: { version: 2 },
        reason: 'a typo',
      }),
      { time: saidAt, source: 'chat-ai' },
    );
    await app.probe.sayAgain(event);
    const found = await until(async () => (await list({ resourceId }))[0], { what: 'the entry' });
    expect(found).toMatchObject({
      at: new Date(saidAt),
      action: 'chat-ai.prompts.publish',
      actor: { kind: 'staff', roles: ['editor'] },
      details: { source: 'chat-ai' },
      changes: [
        { op: 'test', path: '/version', value: 1 },
        { op: 'replace', path: '/version', value: 2 },
      ],
      reason: 'a typo',
    });
    expect(await list({ resourceId })).toHaveLength(1);
  });

  it('is written by many at once, without a gap in any chain', async () => {
    const actors = Array.from({ length: 5 }, () => ({ kind: 'key', id: uuidv7() }));
    const resource = { type: 'thing', id: uuidv7() };
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0
          ? app.service.db.transaction((tx) =>
              log.append(
                tx,
                anEntry({ actor: actors[i % 5]!, resource }),
                anEntry({ actor: actors[(i + 1) % 5]!, resource }),
              ),
            )
          : append(anEntry({ actor: actors[i % 5]!, resource })),
      ),
    );
    expect(await list({ resourceId: resource.id, limit: 200 })).toHaveLength(80);
    const [gaps] = await app.service.db.query<[{ count: number }]>(
      `SELECT count(*)::int AS count FROM audit_streams head WHERE seq <> (SELECT count(*) FROM audit_entries WHERE stream = head.stream)`,
    );
    expect(gaps.count).toBe(0);
  });

  it('is written by transactions that do not wait for each other, in whatever order they name who acts', async () => {
    const entries = Array.from({ length: 12 }, () => anEntry());
    await append(...entries);
    const streams = await Promise.all(
      entries.map(async ({ resource }) => Number((await list({ resourceId: resource.id }))[0]!.id.split('.')[0])),
    );
    const [low, high] = [Math.min(...streams), Math.max(...streams)].map((stream) => entries[streams.indexOf(stream)]!);
    const second = app.service.db.createQueryRunner();
    const [{ pid }] = (await second.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
    await second.startTransaction();
    await app.service.db.transaction(async (tx) => {
      await log.append(tx, low!);
      const appended = log.append(second.manager, high!, low!);
      await until(
        async () =>
          (
            await app.service.db.query<unknown[]>(
              'SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = $2',
              [pid, 'Lock'],
            )
          ).length > 0,
        { what: 'the other transaction to wait' },
      );
      await log.append(tx, high!);
      appended.catch(() => undefined);
    });
    await second.commitTransaction();
    await second.release();
    expect(await list({ resourceId: high!.resource.id })).toHaveLength(3);
  });

  describe('for whoever looks something up', () => {
    const [staff, key, thing] = [uuidv7(), uuidv7(), uuidv7()];
    beforeAll(async () => {
      for (const i of [1, 2, 3]) {
        app.clock.advance(1000);
        await append(
          anEntry({ actor: { kind: 'staff', id: staff }, resource: { type: 'thing', id: thing }, botId: 'lumen' }),
          anEntry({
            actor: { kind: 'key', id: key },
            action: `things.read-${i}` as AuditAction,
            resource: { type: 'thing', id: thing },
            botId: 'northwind',
            result: i === 2 ? 'denied' : 'done',
          }),
        );
      }
    });

    it('finds by who, action, resource, period and result', async () => {
      const resourceId = thing;
      expect(await list({ resourceId })).toHaveLength(6);
      expect(await list({ resourceId, actorKind: 'staff' })).toHaveLength(3);
      expect(await list({ actorId: key })).toHaveLength(3);
      expect(await list({ resourceId, action: 'things.*' })).toHaveLength(3);
      expect(await list({ resourceId, action: 'things.read-2' })).toMatchObject([{ result: 'denied' }]);
      expect(await list({ resourceId, result: 'denied' })).toHaveLength(1);
      expect(await list({ resourceId, from: app.clock.now().toISOString() })).toHaveLength(2);
      expect(await list({ resourceId, to: app.clock.now().toISOString() })).toHaveLength(4);
      expect(await list({ resourceId, resourceType: 'pet' })).toEqual([]);
      expect(await list({ resourceId, botId: 'northwind' })).toHaveLength(3);
    });

    it('finds nothing by an id that is empty', async () => {
      expect(await list({ resourceId: '' })).toEqual([]);
      expect(await list({ actorId: '' })).toEqual([]);
    });

    it('goes on where a page ended, and back', async () => {
      const page = (query: object) => app.gateway.call(ListAuditEntries, { query: { resourceId: thing, ...query } });
      const { data: all } = await page({});
      expect(all.map(({ at }) => at.getTime())).toEqual(all.map(({ at }) => at.getTime()).toSorted((a, b) => b - a));
      const first = await page({ limit: 4 });
      const second = await page({ limit: 4, after: first.page.next! });
      expect([...first.data, ...second.data]).toEqual(all);
      expect(second.page.next).toBeNull();
      expect((await page({ limit: 4, after: second.page.prev! })).data).toEqual(first.data);
    });

    it('shows those who see some bots only what was done to these', async () => {
      const actor: Actor = { kind: 'staff', id: uuidv7(), roles: [], scopes: ['audit:read'], bots: ['lumen'] };
      const found = await list({ resourceId: thing }, actor);
      expect(found.map(({ botId }) => botId)).toEqual(['lumen', 'lumen', 'lumen']);
      const [foreign] = await list({ resourceId: thing, botId: 'northwind' });
      const read = app.gateway.call(ReadAuditEntry, { params: { entryId: foreign!.id } }, { actor });
      await expect(read).rejects.toMatchObject({ status: 404 });
      expect(await list({}, { ...actor, bots: [] })).toEqual([]);
    });

    it('shows everybody what they have done themselves', async () => {
      const actor: Actor = { kind: 'staff', id: staff, roles: [], scopes: ['account:read'] };
      const { data } = await app.gateway.call(ListOwnAuditEntries, {}, { actor });
      expect(data.map((entry) => entry.actor.id)).toEqual([staff, staff, staff]);
      await expect(list({}, actor)).rejects.toMatchObject({ status: 403 });
    });
  });

  describe('of persons', () => {
    it('holds digests, by which they are found until they are erased', async () => {
      const [userId, friend] = [uuidv7(), uuidv7()];
      const entries = [
        anEntry({
          actor: { kind: 'person', id: userId, address: '192.0.2.7' },
          resource: { type: 'person', id: userId },
        }),
        anEntry({ resource: { type: 'person', id: userId }, details: { params: { userId }, invitedByUserId: friend } }),
        anEntry({
          userId,
          before: { name: 'Zebra Peculiar', locale: 'en' },
          after: { name: 'Zebra Ordinary', locale: 'en' },
          personalFields: ['/name', '/nothing/there'],
        }),
      ];
      await append(...entries);
      expect(await list({ userId })).toHaveLength(3);
      expect(await list({ actorId: userId })).toHaveLength(1);
      expect(await list({ resourceId: userId })).toHaveLength(2);
      for (const value of [userId, friend, '192.0.2.7', 'Zebra'])
        expect(await tablesWith(app, value)).not.toContain('audit_entries');
      const [changed] = await list({ resourceId: entries[2]!.resource.id });
      const digests = changed!.changes!.map(({ value }) => value);
      expect(digests).toEqual([expect.stringMatching(/^digest:[0-9a-f]{32}$/), expect.stringMatching(/^digest:/)]);
      expect(new Set(digests).size).toBe(2);

      const before = await app.service.db.query<unknown[]>('SELECT * FROM audit_entries ORDER BY stream, seq');
      expect(await erasePerson(app, userId)).toEqual([]);
      expect(await app.service.db.query('SELECT * FROM audit_entries ORDER BY stream, seq')).toEqual(before);
      expect(await list({ userId })).toEqual([]);
      expect(await list({ resourceId: userId })).toEqual([]);
    });

    it('notes what comes late of somebody who was erased, and not of whom', async () => {
      const userId = uuidv7();
      expect(await erasePerson(app, userId)).toEqual([]);
      const entry = anEntry({ actor: { kind: 'person', id: userId }, details: { userId } });
      await append(entry);
      expect(await list({ resourceId: entry.resource.id })).toMatchObject([
        { actor: { kind: 'person', id: 'person:erased' }, details: { userId: 'person:erased' } },
      ]);
    });

    it('is nothing that a person could read or write', async () => {
      const userId = uuidv7();
      const read = asPerson(app.service.db, userId, (tx) => tx.query('SELECT FROM audit_entries'));
      await expect(read).rejects.toThrow('permission denied');
    });
  });

  it('cannot be changed by the role of the service', async () => {
    await append(anEntry());
    for (const table of ['audit_entries', 'audit_roots', 'audit_segments']) {
      for (const statement of [`DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`])
        await expect(app.service.db.query(statement)).rejects.toThrow('permission denied');
    }
    await expect(app.service.db.query(`UPDATE audit_entries SET result = 'denied'`)).rejects.toThrow(
      'permission denied',
    );
    // Not even once it has given itself the right: that takes a change of the table itself.
    await app.service.db.query('GRANT UPDATE, DELETE, TRUNCATE ON audit_entries TO CURRENT_USER');
    for (const statement of [
      `UPDATE audit_entries SET result = 'x'`,
      'DELETE FROM audit_entries',
      'TRUNCATE audit_entries',
    ])
      await expect(app.service.db.query(statement)).rejects.toThrow('the audit log is never changed');
    await app.service.db.query('REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM CURRENT_USER');
  });

  it('proves an entry to whoever knows the public key', async () => {
    const entry = anEntry();
    await append(entry, anEntry(), anEntry({ actor: entry.actor }));
    const [found] = await list({ resourceId: entry.resource.id });
    const prove = () => app.gateway.call(ProveAuditEntry, { params: { entryId: found!.id } });
    await expect(prove()).rejects.toMatchObject({ status: 409, problem: { code: 'gateway.audit_entry_unsigned' } });
    await app.service.nest.get(AuditRootsService, { strict: false }).sign();
    const proof = JSON.parse(JSON.stringify(await prove())) as AuditProof;
    expect(mistakeInProof(proof)).toBeUndefined();
    const { keys } = await app.gateway.call(ListAuditKeys);
    expect(keys).toMatchObject([{ keyId: proof.root.keyId, publicKey: proof.publicKey }]);
    expect(mistakeInProof({ ...proof, record: { ...proof.record, result: 'denied' } })).toBe(
      'the entry is not as it was signed',
    );
  });
});
