import { Injectable } from '@nestjs/common';
import type { Actor, AddKnownPeriod } from '@switchboard/contracts';
import type { Position, RequestOf } from '@switchboard/service-kit';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { KnownPeriodRow } from './known-period.entity';

/** Times that are out of the ordinary for a known reason: incidents, launches, maintenance. */
@Injectable()
export class KnownPeriodsService {
  /** @param bots that the caller may see; those of all when undefined */
  list(
    tx: EntityManager,
    position: Position | undefined,
    limit: number,
    bots: readonly string[] | undefined,
  ): Promise<KnownPeriodRow[]> {
    const backwards = position?.direction === 'prev';
    const query = tx.createQueryBuilder(KnownPeriodRow, 'period').limit(limit);
    if (bots) query.andWhere('period.botId = ANY(:bots)', { bots });
    if (position) query.andWhere(`period.id ${backwards ? '>' : '<'} :from`, { from: position.key[0] });
    return query.orderBy('period.id', backwards ? 'ASC' : 'DESC').getMany();
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
