import { Injectable } from '@nestjs/common';
import { BlindIndex, Clock, type Digester, PersonalData, PersonErased } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { compare } from 'fast-json-patch';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { aroundSeq, type AuditRecord, ORDINARY_STREAMS } from './audit-chain';
import { actionOf, type AuditedRoute, type AuditEntry, type AuditFacts, type AuditParty } from './audit-entry';
import { AuditedRequests } from './audited-requests';
import { personIdsIn } from './person-ids';

/** Longer texts are cut, and of larger changes a hash is kept: the log is no archive of documents. Characters. */
const LONGEST_TEXT = 2000;
const LARGEST_PART = 32_000;
const LARGEST_COMPARED = 200_000;

/**
 * The audit log of the installation. Entries form sixteen chains, by who acts: each holds the hash of the one before it, so that
 * none can be changed unseen. Of persons only digests are kept, made with their own key: once they are erased nobody can tell any
 * more whose they are, and the chains stay whole.
 */
@Injectable()
export class AuditLog {
  private readonly entries: Counter<'result'>;

  constructor(
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
    private readonly requests: AuditedRequests,
    registry: Registry,
  ) {
    this.entries = new Counter({
      name: 'audit_entries_total',
      help: 'Entries written to the audit log, by how what they tell of has ended.',
      labelNames: ['result'],
      registers: [registry],
    });
  }

  /**
   * Writes entries, with the rest of `tx` or, when that is no transaction, at once. Within a transaction it comes last: the chain of
   * the actor is held until the commit.
   */
  async append(tx: EntityManager, ...entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    // The key of a person must be there with what it was used for.
    if (!tx.queryRunner?.isTransactionActive && entries.some((entry) => personsIn(entry).size > 0))
      return this.db.transaction((tx) => this.append(tx, ...entries));
    const rows: Row[] = [];
    for (const entry of entries) rows.push(await this.rowOf(tx, this.requests.completed(entry)));
    // Always in the same order, so that two transactions cannot wait for each other.
    rows.sort((a, b) => a.stream - b.stream);
    await tx.query('SELECT append_audit_entries($1::jsonb)', [JSON.stringify(rows)]);
    for (const { result } of entries) this.entries.inc({ result });
  }

  /** That what a route asks for was done, as `append` writes it. */
  done(tx: EntityManager, actor: AuditEntry['actor'], route: AuditedRoute, facts: AuditFacts): Promise<void> {
    return this.append(tx, { ...facts, actor, action: actionOf(route), result: 'done' });
  }

  /** Under which names the log may know a person; none of somebody who was erased. */
  async namesOf(tx: EntityManager, userId: string): Promise<string[]> {
    return (await this.personal.digesters(tx, userId)).map((digest) => nameOf(digest, userId));
  }

  private async rowOf(tx: EntityManager, entry: AuditEntry): Promise<Row> {
    const digesters = new Map<string, Digester>();
    for (const userId of personsIn(entry)) digesters.set(userId, await this.digesterOf(tx, userId));
    const ofActor = entry.actor.kind === 'person' ? digesters.get(entry.actor.id)! : this.ofInstallation;
    const ofPerson = entry.userId ? digesters.get(entry.userId)! : this.ofInstallation;
    // Of an actor of the kit there is more than belongs here.
    const { kind, id, label, roles, amr, client, address } = entry.actor;
    const actor = { kind, id, label, roles, amr, client };
    const names = new Map([...digesters].map(([userId, digest]) => [userId, nameOf(digest, userId)]));
    const concerned = entry.userId ?? [...names.keys()].find((userId) => userId !== entry.actor.id);
    const whole = cleaned(
      {
        at: (entry.at ?? this.clock.now()).toISOString(),
        actor: { ...actor, ...(address && { address: valueOf(ofActor, address) }) },
        onBehalfOf: entry.onBehalfOf,
        action: entry.action,
        resource: entry.resource,
        bot: entry.botId,
        person: concerned,
        changes: limited(changesOf(entry, (value) => valueOf(ofPerson, value))),
        details: limited(entry.details),
        reason: entry.reason,
        approval: entry.approvalId,
        request: entry.requestId,
        result: entry.result,
      },
      names,
    ) as Omit<AuditRecord, 'seq' | 'stream'>;
    const record = { ...whole, stream: streamOf(whole.actor, entry.money === true) };
    const [before, behind] = aroundSeq(record);
    return { ...columnsOf(record), before, behind };
  }

  private async digesterOf(tx: EntityManager, userId: string): Promise<Digester> {
    try {
      return await this.personal.digester(tx, userId);
    } catch (error) {
      // What comes late of somebody is noted, and of whom it was nobody may know.
      if (error instanceof PersonErased) return () => 'erased';
      throw error;
    }
  }

  /** Of what is no person's: staff, keys, and resources. */
  private readonly ofInstallation: Digester = (kind, value) => this.index.hash('audit', kind, value);
}

/** 128 bits are enough to tell values apart. */
const DIGITS = 32;

const nameOf = (digest: Digester, userId: string) => `person:${digest('audit person', userId).slice(0, DIGITS)}`;
const valueOf = (digest: Digester, value: unknown) =>
  `digest:${digest('audit value', JSON.stringify(value) ?? '').slice(0, DIGITS)}`;

/** What `append_audit_entries` writes; see the migration. */
type Row = ReturnType<typeof columnsOf> & { before: string; behind: string };

function columnsOf(record: Omit<AuditRecord, 'seq'>) {
  const { actor, resource, onBehalfOf, ...rest } = record;
  const { kind, id, ...more } = actor;
  return {
    ...rest,
    actor_kind: kind,
    actor_id: id,
    actor: more,
    on_behalf_of: onBehalfOf,
    resource_type: resource.type,
    resource_id: resource.id,
  };
}

/** Half of the streams are for money, so that each is forgotten at one time. */
function streamOf({ kind, id }: AuditParty, money: boolean): number {
  const [byte] = createHash('sha256').update(`${kind}:${id}`).digest();
  return (byte! % ORDINARY_STREAMS) + (money ? ORDINARY_STREAMS : 0);
}

/** The ids of all persons an entry names: of who acts, who is concerned, and of fields such as `userId` or `invitedByUserId`. */
function personsIn({ actor, onBehalfOf, userId, ...rest }: AuditEntry): Set<string> {
  const people = new Set<string>();
  for (const party of [actor, onBehalfOf]) if (party?.kind === 'person') people.add(party.id);
  if (userId) people.add(userId);
  personIdsIn([rest.before, rest.after, rest.details], people);
  return people;
}

/** Each change with a test of what was there before, so that both can be read. */
function changesOf(
  { before, after, personalFields = [] }: AuditEntry,
  digest: (value: unknown) => string,
): object[] | undefined {
  if (!before && !after) return undefined;
  const texts = [before, after].map((side) => JSON.stringify(side ?? {}));
  if (texts.some((text) => text.length > LARGEST_COMPARED)) return [asHash(texts)];
  const [was, is] = texts.map((text) => {
    const side = JSON.parse(text) as object;
    for (const pointer of personalFields) replaceAt(side, pointer, digest);
    return side;
  });
  const changes = compare(was!, is!, true);
  return changes.length > 0 ? changes : undefined;
}

/** @param pointer RFC 6901 */
function replaceAt(within: object, pointer: string, digest: (value: unknown) => string): void {
  const names = pointer.split('/').slice(1);
  const last = names.pop()?.replaceAll('~1', '/').replaceAll('~0', '~');
  let holder: unknown = within;
  for (const name of names) {
    if (typeof holder !== 'object' || holder === null) return;
    holder = (holder as Record<string, unknown>)[name.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  if (typeof holder !== 'object' || holder === null || last === undefined || !Object.hasOwn(holder, last)) return;
  const fields = holder as Record<string, unknown>;
  if (fields[last] !== null) fields[last] = digest(fields[last]);
}

function limited<T extends object>(part: T | undefined): T | undefined {
  if (!part || JSON.stringify(part).length <= LARGEST_PART) return part;
  return (Array.isArray(part) ? [asHash(part)] : asHash(part)) as T;
}

const asHash = (part: object) => ({
  op: 'too_large',
  path: '',
  sha256: createHash('sha256').update(JSON.stringify(part)).digest('hex'),
});

/** As it can be hashed and kept: persons under their names here, texts that Postgres takes, and nothing that is absent. */
function cleaned(record: object, names: ReadonlyMap<string, string>): object {
  const text = (value: string) => {
    let all = value.toWellFormed().replaceAll('\0', '\ufffd');
    for (const [userId, name] of names) all = all.replaceAll(userId, name);
    return all.length > LONGEST_TEXT ? `${all.slice(0, LONGEST_TEXT).toWellFormed()}…` : all;
  };
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(clean);
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [text(name), clean(inner)]));
  };
  // Dates and the like become what JSON makes of them. An empty column is no field.
  const fields = Object.entries(JSON.parse(JSON.stringify(record)) as object).filter(([, value]) => value !== null);
  return Object.fromEntries(fields.map(([name, value]) => [name, clean(value)]));
}
