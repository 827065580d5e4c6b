import { Injectable } from '@nestjs/common';
import type { Actor, AddKnownPeriod, ListKnownPeriods } from '@switchboard/contracts';
import { Cursors, type Page, type RequestOf } from '@switchboard/service-kit';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { KnownPeriodRow } from './known-period.entity';

/** Times that are out of the ordinary for a known reason: incidents, launches, maintenance. */
@Injectable()
export class KnownPeriodsService {
  constructor(private readonly cursors: Cursors) {}

  list(tx: EntityManager, request: RequestOf<typeof ListKnownPeriods>): Promise<Page<KnownPeriodRow>> {
    const { bots } = request.actor;
    const query = tx.createQueryBuilder(KnownPeriodRow, 'period');
    if (bots) query.andWhere('period.botId = ANY(:bots)', { bots });
    return this.cursors.select(request, query, ['id']);
  }

  async add(tx: EntityManager, period: RequestOf<typeof AddKnownPeriod>['body'], by: Actor): Promise<KnownPeriodRow> {
    const row = { id: uuidv7(), ...period, createdBy: `${by.kind}:${by.id}` };
    await tx.insert(KnownPeriodRow, row);
    return row;
  }

  async remove(tx: EntityManager, id: string, bots: readonly string[] | undefined): Promise<void> {
    await tx.delete(KnownPeriodRow, { id, ...(bots && { botId: In([...bots]) }) });
  }

  /** Those that may still matter for what is usual. */
  since(tx: EntityManager, time: Date): Promise<KnownPeriodRow[]> {
    return tx.findBy(KnownPeriodRow, { to: MoreThan(time) });
  }
}
