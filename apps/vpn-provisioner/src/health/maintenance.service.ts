import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  MaintenanceChanged,
  type ReadMaintenance,
  SetMaintenance,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, type IfMatch } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Maintenance } from './maintenance.entity';

type View = AnswerOf<typeof ReadMaintenance>;

/** Whether people are told that nothing can be served just now: because staff say so, or because no server is there. */
@Injectable()
export class MaintenanceService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async read(tx: EntityManager = this.db.manager): Promise<View> {
    return viewOf(await tx.findOneBy(Maintenance, { id: 1 }));
  }

  async set(tx: EntityManager, actor: Actor, on: boolean, seen: IfMatch): Promise<View> {
    const row = await this.lock(tx);
    seen.check(row.revision);
    const before = { on: row.byStaff };
    await this.change(tx, row, { byStaff: on });
    const change = { resourceType: 'maintenance', resourceId: 'vpn', before, after: { on } };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, SetMaintenance, change)));
    return viewOf(row);
  }

  /** To be asked whenever a server comes or goes. One that is new and was not there yet is missed by nobody. */
  async evaluate(tx: EntityManager): Promise<void> {
    const [{ known, up }] = (await tx.query(
      `SELECT count(*) FILTER (WHERE h.state = 'up' OR h.epoch > 0)::int AS known, count(*) FILTER (WHERE h.state = 'up')::int AS up
       FROM servers s JOIN server_health h ON h.server_id = s.id WHERE s.state = 'in-service'`,
    )) as [{ known: number; up: number }];
    const automatic = known > 0 && up === 0;
    const row = await this.lock(tx);
    if (row.automatic !== automatic) await this.change(tx, row, { automatic });
  }

  private async change(tx: EntityManager, row: Maintenance, change: Partial<Maintenance>): Promise<void> {
    const before = isOn(row);
    const now = this.clock.now();
    Object.assign(row, change, { changedAt: now, revision: row.revision + 1 });
    await tx.save(Maintenance, row);
    const on = isOn(row);
    if (on === before) return;
    const automatic = 'automatic' in change;
    await this.outbox.add(tx, MaintenanceChanged({ changeId: uuidv7(), on, automatic, since: now.toISOString() }));
  }

  private async lock(tx: EntityManager): Promise<Maintenance> {
    const first = { id: 1 as const, byStaff: false, automatic: false, changedAt: this.clock.now(), revision: 0 };
    await tx.createQueryBuilder().insert().into(Maintenance).values(first).orIgnore().execute();
    return tx.findOneOrFail(Maintenance, { where: { id: 1 }, lock: { mode: 'pessimistic_write' } });
  }
}

const isOn = ({ byStaff, automatic }: Pick<Maintenance, 'byStaff' | 'automatic'>) => byStaff || automatic;

function viewOf(row: Maintenance | null): View {
  if (!row) return { on: false, byStaff: false, automatic: false, since: null, revision: 0 };
  const { byStaff, automatic, changedAt, revision } = row;
  return { on: isOn(row), byStaff, automatic, since: changedAt, revision };
}
