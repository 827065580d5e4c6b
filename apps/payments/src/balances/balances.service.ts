import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  CorrectBalance,
  type ListBalanceCorrections,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, Cursors, PersonalData, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { LedgerService } from '../ledger/ledger.service';
import { BalanceCorrection } from './balance-correction.entity';

type Correction = AnswerOf<typeof CorrectBalance>;

/** What people have, for staff. */
@Injectable()
export class BalancesService {
  constructor(
    private readonly db: DataSource,
    private readonly ledger: LedgerService,
    private readonly personal: PersonalData,
    private readonly cursors: Cursors,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async corrections(
    request: RequestOf<typeof ListBalanceCorrections>,
  ): Promise<AnswerOf<typeof ListBalanceCorrections>> {
    const tx = this.db.manager;
    const rows = tx.createQueryBuilder(BalanceCorrection, 'c').where('c.userId = :userId', request.params);
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: await Promise.all(data.map((correction) => this.shown(tx, correction))), page };
  }

  /** @throws BalanceTooLow */
  async correct(
    tx: EntityManager,
    actor: Actor,
    { params: { userId }, body }: RequestOf<typeof CorrectBalance>,
  ): Promise<Correction> {
    const { changeMinor, currency, reason } = body;
    const id = uuidv7();
    const sealed = await this.personal.encrypt(tx, { table: 'balance_corrections', id, userId }, { reason });
    const made = { madeBy: `${actor.kind}:${actor.id}`, madeAt: this.clock.now() };
    const correction = tx.create(BalanceCorrection, { id, userId, changeMinor, currency, ...sealed, ...made });
    await tx.insert(BalanceCorrection, correction);
    const [from, to] =
      changeMinor > 0 ? (['corrections', 'customer'] as const) : (['customer', 'corrections'] as const);
    await this.ledger.book(tx, {
      ...{ key: `correction:${id}`, reason: 'correction', says: 'correction', currency, userId },
      transfers: [{ from, to, amountMinor: Math.abs(changeMinor) }],
    });
    const about = { resourceType: 'balance-correction', resourceId: id, after: { changeMinor, currency }, reason };
    const entry = auditEntry(actor, CorrectBalance, about);
    await this.outbox.add(tx, AuditEntryAppendRequested({ ...entry, userId, money: true }));
    return this.shown(tx, correction);
  }

  private async shown(tx: EntityManager, correction: BalanceCorrection): Promise<Correction> {
    const { id, userId, changeMinor, currency, madeBy: by, madeAt: at } = correction;
    const place = { table: 'balance_corrections', id, userId };
    const { reason = null } = await this.personal.decrypt(tx, place, { reason: correction.reason });
    return { id, at, changeMinor, currency, reason, by };
  }
}
