import type { Type } from '@nestjs/common';
import {
  type AuditAction,
  CopyAuditSignatures,
  ListAuditEntries,
  ListAuditVerifications,
  ProveAuditEntry,
} from '@switchboard/contracts';
import { BlindIndex, CONFIG, LOG, MEDIA_STORAGE, type MediaStorage, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { generateKeyPairSync } from 'node:crypto';
import { json } from 'node:stream/consumers';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../gateway.app';
import type { AuditConfig } from './audit.config';
import {
  hashOf,
  keyIdOf,
  NOTHING,
  rootOf,
  type Segment,
  segmentLeaf,
  type SignedRoot,
  type SigningKey,
  signRoot,
  statementHash,
} from './audit-chain';
import { AuditEntryRow, chained } from './audit-entry.entity';
import { AuditLog } from './audit-log';
import { AuditCopiesService } from './audit-copies.service';
import { AuditRootsService } from './audit-roots.service';
import { AuditVerificationsService } from './audit-verifications.service';
import { AuditJobs } from './audit.jobs';

const HOUR_MS = 3_600_000;

let app: TestApp;
let log: AuditLog;
let roots: AuditRootsService;
let copies: AuditCopiesService;
let storage: MediaStorage;
let owner: Client;
beforeAll(async () => {
  app = await startApp(gatewayApp);
  const get = <T>(type: Type<T> | symbol) => app.service.nest.get<T>(type, { strict: false });
  [log, roots, copies, storage] = [get(AuditLog), get(AuditRootsService), get(AuditCopiesService), get(MEDIA_STORAGE)];
  owner = new Client({ connectionString: app.database.url });
  await owner.connect();
  // What nobody can keep the owner of a database from doing.
  await owner.query(`SET search_path = gateway; SET session_replication_role = replica`);
  // A run of the far future keeps back those of the next minutes.
  await get(Schedules).runSlot('sign-audit-log', new Date(Date.now() + 366 * 86_400_000));
});
afterAll(async () => {
  await owner.end();
  await app.stop();
});
/** Three entries, each signed and copied. */
beforeEach(async () => {
  for (const table of ['entries', 'roots', 'segments', 'verifications'])
    await owner.query(`DELETE FROM audit_${table}`);
  await owner.query(`UPDATE audit_streams SET seq = 0, previous = nothing, hash = nothing
    FROM decode(repeat('00', 32), 'hex') AS nothing`);
  for (let number = 1; number <= 9; number++) await storage.delete(placeOf(number));
  for (const thing of ['one', 'two', 'three']) {
    await append(thing);
    await roots.sign();
    await copies.write();
  }
});

const placeOf = (number: number) => `audit/roots/00000000${number}.json`;
const copied = async (number: number) =>
  json((await storage.open(placeOf(number)))!.body) as Promise<{ root: SignedRoot }>;

const append = (thing: string) =>
  log.append(app.service.db.manager, {
    ...{ actor: { kind: 'staff', id: 'anna' }, action: 'gateway.things.change' as AuditAction, result: 'done' },
    resource: { type: 'thing', id: thing },
  });
async function verify() {
  const verifications = app.service.nest.get(AuditVerificationsService, { strict: false });
  const id = await verifications.begin(app.service.db.manager);
  await verifications.verify(id, new AbortController().signal);
  return verifications.read(id);
}

/** Changes what the first entry says, and makes all hashes after it anew. */
async function rewrite(): Promise<void> {
  await owner.query(`UPDATE audit_entries SET result = 'denied' WHERE seq = 1`);
  const rows = await app.service.db.manager.find(AuditEntryRow, { order: { stream: 'ASC', seq: 'ASC' } });
  let previous = NOTHING;
  for (const row of rows) {
    const hash = hashOf(previous, chained(row).record);
    await owner.query(
      `UPDATE audit_entries SET prev_hash = decode($1, 'hex'), hash = decode($2, 'hex') WHERE stream = $3 AND seq = $4`,
      [previous, hash, row.stream, row.seq],
    );
    await owner.query(`UPDATE audit_streams SET hash = decode($1, 'hex') WHERE stream = $2`, [hash, row.stream]);
    previous = hash;
  }
}

/** Signs each entry anew, from that of one root on. */
async function signAnew(key: SigningKey, from = 1): Promise<void> {
  await owner.query('DELETE FROM audit_roots WHERE number >= $1', [from]);
  await owner.query('DELETE FROM audit_segments WHERE root >= $1', [from]);
  const newest = await roots.newestSegments();
  let last = (await roots.read(from - 1))?.root;
  const rows = await app.service.db.manager.find(AuditEntryRow, { order: { seq: 'ASC' } });
  for (const { stream, seq, hash } of rows.slice(from - 1)) {
    const segment: Segment = { stream, from: seq, to: seq, hash, rows: rootOf([Buffer.from(hash, 'hex')]) };
    newest[stream] = segment;
    const previous: string = last ? statementHash(last) : NOTHING;
    const at = app.clock.now().toISOString();
    last = signRoot({ number: seq, at, previous, root: rootOf(newest.map(segmentLeaf)) }, key);
    await owner.query(`INSERT INTO audit_roots VALUES ($1, $2, decode($3, 'hex'), decode($4, 'hex'), $5, $6)`, [
      last.number,
      at,
      previous,
      last.root,
      last.keyId,
      Buffer.from(last.signature, 'base64url'),
    ]);
    await owner.query(`INSERT INTO audit_segments VALUES ($1, $2, $3, $4, decode($5, 'hex'), decode($6, 'hex'))`, [
      last.number,
      stream,
      seq,
      seq,
      segment.hash,
      segment.rows,
    ]);
  }
}

const aKey = (): SigningKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  return { id: keyIdOf(jwk), public: jwk, private: privateKey };
};
const messages = async () => (await verify()).findings.map(({ message }) => message);

describe('whoever owns the database', () => {
  it('cannot rewrite the log and sign it with a key of their own', async () => {
    expect(await verify()).toMatchObject({ entries: 3, roots: 3, found: 0 });
    await append('four');
    await rewrite();
    await signAnew(aKey());
    expect(await messages()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^root 3 is signed by .+, which no configuration or copy has$/),
        ...[1, 2, 3].map((number) => `root ${number} differs from its copy elsewhere`),
      ]),
    );
    await expect(copies.write()).rejects.toThrow('root 3 differs from its copy');
    await expect(copies.write(undefined, { all: true })).rejects.toThrow('root 3 differs from its copy');
    expect(await storage.exists(placeOf(4))).toBe(false);
    expect([...(await copies.keys()).keys()]).toEqual([roots.key.id]);
    // With all copies left out, as of the first hours, the key is none that is known.
    for (const number of [1, 2, 3]) await storage.delete(placeOf(number));
    await expect(copies.write()).rejects.toThrow('which no configuration or copy has');
  });

  it('cannot go on from the last copy with a key of their own', async () => {
    await append('four');
    await signAnew(aKey(), 4);
    expect(await messages()).toEqual([
      expect.stringMatching(/^root 4 is signed by .+, which no configuration or copy has$/),
    ]);
    await expect(copies.write()).rejects.toThrow('which no configuration or copy has');
    expect(await storage.exists(placeOf(4))).toBe(false);
    const { data } = await app.gateway.call(ListAuditEntries, { query: { resourceId: 'four' } });
    await expect(app.gateway.call(ProveAuditEntry, { params: { entryId: data[0]!.id } })).rejects.toThrow(
      'gateway.audit_entry_unsigned',
    );
  });

  it('cannot have the gateway sign what they have rewritten', async () => {
    await rewrite();
    await owner.query('DELETE FROM audit_roots; DELETE FROM audit_segments');
    expect(await copies.sign()).toBeUndefined();
    expect(await messages()).toEqual([1, 2, 3].map((number) => `root ${number} has a copy elsewhere and is missing`));
    // As if it had looked away once.
    await roots.sign();
    await expect(copies.write()).rejects.toThrow('differs from its copy');
    expect((await verify()).found).toBeGreaterThan(0);
    expect((await copied(1)).root).toMatchObject({ keyId: roots.key.id });
  });

  it('has an alarm by the next signature, not only in the night', async () => {
    await rewrite();
    await signAnew(aKey());
    await app.service.nest
      .get(AuditJobs, { strict: false })
      .sign({} as never, { attempt: 1, isLastAttempt: false, signal: new AbortController().signal });
    const found = async () => (await app.gateway.call(ListAuditVerifications)).data.some(({ found }) => found > 0);
    await until(found, { what: 'a verification that finds it' });
    expect(await roots.lastNumber()).toBe(3);
  });
});

describe('the key of the log', () => {
  /** The gateway after a restart with another configuration. */
  const restarted = (key: SigningKey, former: string[] = []) => {
    const { d, x } = key.private.export({ format: 'jwk' });
    const config = {
      ...app.service.nest.get<AuditConfig>(CONFIG, { strict: false }),
      GATEWAY_AUDIT_SIGNING_KEY: JSON.stringify({ kty: 'OKP', crv: 'Ed25519', d, x }),
      GATEWAY_AUDIT_FORMER_KEYS: former,
    };
    const get = <T>(type: Type<T> | symbol) => app.service.nest.get<T>(type, { strict: false });
    const again = new AuditRootsService(app.service.db, app.clock, get(BlindIndex), config, get(LOG));
    return { roots: again, copies: new AuditCopiesService(again, app.clock, config, storage, get(LOG)) };
  };

  it('is exchanged: what the former one has signed is known by its copies', async () => {
    await append('four');
    // Signed, and not copied before the restart.
    await roots.sign();
    const after = restarted(aKey());
    await append('five');
    expect(await after.copies.sign()).toBe(5);
    await after.copies.write();
    expect((await copied(5)).root.keyId).toBe(after.roots.key.id);
    expect((await after.copies.verify(new AbortController().signal)).findings).toEqual([]);
    expect((await after.copies.keyList()).map(({ keyId }) => keyId)).toEqual([roots.key.id, after.roots.key.id]);
  });

  it('is named by the configuration where no copy is left of what it has signed', async () => {
    for (const number of [1, 2, 3]) await storage.delete(placeOf(number));
    const key = aKey();
    const all = [undefined, { all: true }] as const;
    await expect(restarted(key).copies.write(...all)).rejects.toThrow('which no configuration or copy has');
    const { copies: knowing } = restarted(key, [roots.key.public.x!]);
    await knowing.write(...all);
    expect((await knowing.verify(new AbortController().signal)).findings).toEqual([]);
  });
});

describe('a copy', () => {
  it('that is missing is told, and is made again when somebody asks for it', async () => {
    await storage.delete(placeOf(2));
    expect(await messages()).toEqual(['root 2 has no copy elsewhere']);
    await copies.write();
    expect(await messages()).toEqual(['root 2 has no copy elsewhere']);
    await app.gateway.call(CopyAuditSignatures, { idempotencyKey: uuidv7() });
    await until(() => storage.exists(placeOf(2)), { what: 'the copy' });
    expect(await messages()).toEqual([]);
  });

  it('that says something else, or nothing that can be read, is told and stays', async () => {
    const { root, ...more } = await copied(2);
    const other = { ...more, root: { ...root, at: '2020-01-01T00:00:00.000Z' } };
    await storage.put(placeOf(2), Buffer.from(JSON.stringify(other)), { contentType: 'application/json' });
    expect(await messages()).toEqual(['root 2 differs from its copy elsewhere']);
    await storage.put(placeOf(2), Buffer.from('{"ro'), { contentType: 'application/json' });
    expect(await messages()).toEqual(['the copy of root 2 cannot be read']);
    await expect(copies.write(undefined, { all: true })).rejects.toThrow('the copy of root 2 cannot be read');
  });

  it('is made by itself of what was signed while the storage was away', async () => {
    for (const thing of ['four', 'five', 'six']) {
      await append(thing);
      await roots.sign();
    }
    app.clock.advance(2 * HOUR_MS);
    expect(await messages()).toEqual([4, 5, 6].map((number) => `root ${number} has no copy elsewhere`));
    await copies.write();
    expect(await messages()).toEqual([]);
  });

  it('is made late of what was signed before any could be made', async () => {
    for (const number of [1, 2, 3]) await storage.delete(placeOf(number));
    await owner.query('DELETE FROM audit_copies');
    app.clock.advance(20 * HOUR_MS);
    await append('four');
    expect(await copies.sign()).toBe(4);
    await copies.write();
    expect(await messages()).toEqual([]);
  });

  it('of which none is left is told, and none is made before somebody asks for it', async () => {
    for (const number of [1, 2, 3]) await storage.delete(placeOf(number));
    app.clock.advance(2 * HOUR_MS);
    await expect(copies.write()).rejects.toThrow('no copy is left');
    expect(await messages()).toEqual([1, 2, 3].map((number) => `root ${number} has no copy elsewhere`));
    await copies.write(undefined, { all: true });
    expect(await messages()).toEqual([]);
  });
});
