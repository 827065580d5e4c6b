import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { PanelDrifted } from '@switchboard/contracts';
import { Clock, LOG, type Log } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In, IsNull, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Access } from '../accesses/access.entity';
import { AccessKey, type AppliedUser } from '../accesses/access-key.entity';
import { AccessQueue } from '../accesses/access-queue';
import { AccessesService } from '../accesses/accesses.service';
import { PanelNames } from '../accesses/panel-names';
import { type Credentials, differences, type PanelDefinition, type SeenUser } from '../panels/panel';
import { PanelsService } from '../panels/panels.service';
import { Server } from '../servers/server.entity';
import { DriftReport } from './drift-report.entity';

interface Expected {
  readonly keyId: string;
  readonly name: string;
  readonly applied: AppliedUser;
  readonly credentials: Credentials | undefined;
}

const KEEP_DAYS = 90;
const DAY_MS = 86_400_000;
const AT_ONCE = 1000;
/** More than so many of whom nothing is known, and than that share of all: then rather our database is an old one than the panel. */
const UNKNOWN_AT_MOST = 20;
const UNKNOWN_SHARE = 0.02;

/** Compares what a panel holds with what it was told: somebody may have changed it by hand, or brought back an old state of it. */
@Injectable()
export class DriftService {
  constructor(
    private readonly db: DataSource,
    private readonly panels: PanelsService,
    private readonly accesses: AccessesService,
    private readonly names: PanelNames,
    private readonly queue: AccessQueue,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * What is wrong is due to be put right afterwards. To be called where nothing else asks the panel (`panelQueue`): whoever is made
   * while it tells its users would be taken for missing.
   * @param removals of how many staff have said that nobody is owed them
   */
  async check(server: Server, signal: AbortSignal, removals = 0): Promise<DriftReport> {
    const expected = await this.expected(server.id);
    const missing = new Map(expected.map((one) => [one.name, one]));
    const { lacks } = this.panels.definition(server.panelKind);
    const wrong: string[] = [];
    const unknown: string[] = [];
    let seen = 0;
    let strangers = 0;
    for await (const user of this.panels.of(server).list(signal)) {
      seen += 1;
      const own = missing.get(user.name);
      missing.delete(user.name);
      if (own) {
        if (isOtherwise(own, user, lacks, this.clock.now())) wrong.push(own.keyId);
      } else if (this.names.isOurs(user.name)) unknown.push(user.name);
      else strangers += 1;
    }
    wrong.push(...[...missing.values()].map(({ keyId }) => keyId));
    return this.db.transaction(async (tx) => {
      const owedToNobody = await this.withoutOwed(tx, server.id, unknown);
      const isHeld = owedToNobody.length > Math.max(UNKNOWN_AT_MOST, seen * UNKNOWN_SHARE, removals);
      const held = isHeld ? owedToNobody.length : 0;
      const orphans = isHeld ? 0 : await this.dismiss(tx, server.id, owedToNobody);
      const repaired = await this.repair(tx, wrong);
      await this.queue.sync(tx, [server.id]);
      const report = {
        id: uuidv7(),
        serverId: server.id,
        at: this.clock.now(),
        seen,
        repaired,
        orphans,
        held,
        strangers,
      };
      await tx.insert(DriftReport, report);
      if (repaired + orphans + held === 0) return report;
      this.log.warn({ ...report, server: server.name }, 'panel drift found');
      await this.outbox.add(tx, PanelDrifted({ ...report, reportId: report.id }));
      return report;
    });
  }

  list(serverId: string): Promise<DriftReport[]> {
    return this.db.manager.find(DriftReport, { where: { serverId }, order: { at: 'DESC', id: 'DESC' }, take: 100 });
  }

  async forgetOld(): Promise<void> {
    await this.db.query('DELETE FROM drift_reports WHERE at < $1', [
      new Date(this.clock.now().getTime() - KEEP_DAYS * DAY_MS),
    ]);
  }

  /** What the panel has confirmed. What it was not asked for yet is due anyway. */
  private async expected(serverId: string): Promise<Expected[]> {
    const keys = await this.db.manager.findBy(AccessKey, { serverId, applied: Not(IsNull()) });
    const all: Expected[] = [];
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      const some = new Map(keys.slice(from, from + AT_ONCE).map((key) => [key.accessId, key]));
      const accesses = await this.db.manager.findBy(Access, { id: In([...some.keys()]) });
      const credentials = await this.accesses.credentialsOf(this.db.manager, accesses);
      accesses.forEach(({ id, panelUser: name }, at) => {
        const { id: keyId, applied } = some.get(id)!;
        all.push({ keyId, name, applied: applied!, credentials: credentials[at] });
      });
    }
    return all;
  }

  private async repair(tx: EntityManager, ids: readonly string[]): Promise<number> {
    let repaired = 0;
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const [, count] = await tx.query<[unknown, number]>(
        `UPDATE access_keys SET due_at = $2, asked = asked + 1 WHERE id = ANY($1)`,
        [ids.slice(from, from + AT_ONCE), this.clock.now()],
      );
      repaired += count;
    }
    return repaired;
  }

  /** Who is still to be confirmed, or is to be removed anyway, is known. */
  private async withoutOwed(tx: EntityManager, serverId: string, names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const rows = await tx.query<{ name: string }[]>(
      `SELECT name FROM unnest($2::text[]) AS u (name)
       WHERE NOT EXISTS (SELECT FROM access_keys k JOIN accesses a ON a.id = k.access_id WHERE a.panel_user = name AND k.server_id = $1)
         AND NOT EXISTS (SELECT FROM panel_removals r WHERE r.server_id = $1 AND r.panel_user = name)`,
      [serverId, names],
    );
    return rows.map(({ name }) => name);
  }

  /** Nobody is owed them: those of erased people, or of a state of the panel that is long past. */
  private async dismiss(tx: EntityManager, serverId: string, names: readonly string[]): Promise<number> {
    if (names.length === 0) return 0;
    const rows = await tx.query<unknown[]>(
      `INSERT INTO panel_removals (server_id, panel_user, due_at, attempts)
       SELECT $1, name, $3::timestamptz, 0 FROM unnest($2::text[]) AS u (name) ON CONFLICT DO NOTHING RETURNING 1`,
      [serverId, names, this.clock.now()],
    );
    return rows.length;
  }
}

/** Of who is not let in only that counts. */
function isOtherwise({ applied, credentials }: Expected, seen: SeenUser, lacks: PanelDefinition['lacks'], now: Date) {
  if (!applied.enabled) return seen.isServed;
  // Of somebody who was erased just now.
  if (!credentials) return false;
  const wanted = { ...applied, expiresAt: new Date(applied.expiresAt), name: seen.name, credentials };
  return differences(wanted, seen, lacks, now).length > 0;
}
