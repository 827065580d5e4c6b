import { Injectable } from '@nestjs/common';
import type { PayWith } from '@switchboard/contracts';
import { BlindIndex, Clock, DomainError, PersonalData } from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Order } from '../orders/order.entity';
import { ProvidersService } from '../providers/providers.service';
import type { Invoice } from './invoice.entity';
import { SavedMethod } from './saved-method.entity';

export class MethodNotFound extends DomainError {
  constructor() {
    super(
      'payments.method_not_found',
      { en: 'There is no such payment method.', ru: 'Такого способа оплаты нет.' },
      404,
    );
  }
}

/** Cards and accounts that people let be charged again. What they are, the provider alone knows: here is a name for each. */
@Injectable()
export class SavedMethodsService {
  constructor(
    private readonly providers: ProvidersService,
    private readonly personal: PersonalData,
    private readonly blindIndex: BlindIndex,
    private readonly clock: Clock,
  ) {}

  /** Of a payment that was made with it. Kept once; where the person wanted it to renew, it does so from now on. */
  async keep(
    tx: EntityManager,
    { userId, botId, provider }: Invoice,
    saved: { externalId: string; title: string },
    order: Pick<Order, 'savesMethod'>,
  ): Promise<void> {
    if (!order.savesMethod) return;
    const externalIdHash = this.blindIndex.hash('payment-method', provider, saved.externalId);
    // Providers may call a card the same for ever, also one that was forgotten here.
    const known = await tx.findOneBy(SavedMethod, { userId, botId, provider, externalIdHash });
    const id = known?.id ?? uuidv7();
    const sealed = await this.personal.encrypt(
      tx,
      { table: 'saved_methods', id, userId },
      { externalId: saved.externalId },
    );
    const row = {
      id,
      userId,
      botId,
      provider,
      ...sealed,
      externalIdHash,
      title: saved.title,
      savedAt: this.clock.now(),
      revokedAt: null,
    };
    await tx.upsert(SavedMethod, row, ['id']);
  }

  list(tx: EntityManager, userId: string, botId: string): Promise<SavedMethod[]> {
    return tx.find(SavedMethod, {
      where: { userId, botId, revokedAt: IsNull() },
      order: { savedAt: 'DESC', id: 'DESC' },
    });
  }

  /** How a bot can be paid, and with what of the person's without asking again. */
  async payWith(tx: EntityManager, userId: string, botId: string): Promise<z.output<typeof PayWith>[]> {
    const saved = await this.list(tx, userId, botId);
    return this.providers.offeredBy(botId).map(({ name, methods, currencies, recurring, renewsAfterDays }) => ({
      ...{ provider: name, methods: [...methods], currencies: [...currencies] },
      recurring: recurring || renewsAfterDays !== undefined,
      needsEmail: this.providers.needsEmail(botId, name),
      saved: saved.filter(({ provider }) => provider === name).map(({ id, title }) => ({ methodId: id, title })),
    }));
  }

  /** Undefined for one that cannot be charged any more. */
  async find(tx: EntityManager, methodId: string): Promise<SavedMethod | undefined> {
    return (await tx.findOneBy(SavedMethod, { id: methodId, revokedAt: IsNull() })) ?? undefined;
  }

  /** By which the provider knows it. @throws MethodNotFound */
  async externalIdOf(tx: EntityManager, methodId: string): Promise<string> {
    const found = await tx.findOneBy(SavedMethod, { id: methodId, revokedAt: IsNull() });
    if (!found) throw new MethodNotFound();
    const { externalId } = await this.personal.decrypt(tx, placeOf(found), { externalId: found.externalId });
    if (externalId === undefined || externalId === null) throw new MethodNotFound();
    return externalId;
  }

  /** By the person, or because the provider says that it cannot be charged any more. */
  async revoke(tx: EntityManager, methodId: string, userId?: string): Promise<void> {
    const where = { id: methodId, revokedAt: IsNull(), ...(userId !== undefined && { userId }) };
    const { affected } = await tx.update(SavedMethod, where, { revokedAt: this.clock.now() });
    if (affected === 0) throw new MethodNotFound();
    await tx.query(`UPDATE subscriptions SET method_id = NULL WHERE method_id = $1`, [methodId]);
  }
}

const placeOf = ({ id, userId }: SavedMethod) => ({ table: 'saved_methods', id, userId });
