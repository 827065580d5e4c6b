import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ConsentGiven, ConsentWithdrawn, type GiveConsent } from '@switchboard/contracts';
import { type AnswerOf, Clock } from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Consent } from './consent.entity';
import { PeopleService } from './people.service';

type ConsentAnswer = AnswerOf<typeof GiveConsent>;

/** What people have agreed to: a ledger, in which nothing is changed but that something ended. */
@Injectable()
export class ConsentsService {
  constructor(
    private readonly people: PeopleService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** The same version once more is no new consent; another one stands beside it. */
  async give(
    tx: EntityManager,
    userId: string,
    { purpose, version, source }: Pick<Consent, 'purpose' | 'version' | 'source'>,
  ): Promise<ConsentAnswer> {
    await this.people.lock(tx, userId);
    const given = await tx.findOneBy(Consent, { userId, purpose, version, withdrawnAt: IsNull() });
    if (given) return shown(given);
    const givenAt = this.clock.now();
    const consent: Consent = { id: uuidv7(), userId, purpose, version, source, givenAt, withdrawnAt: null };
    await tx.insert(Consent, consent);
    await this.outbox.add(tx, ConsentGiven({ ...wordsOf(consent), givenAt: givenAt.toISOString() }));
    return shown(consent);
  }

  /** Every version of it. */
  async withdraw(tx: EntityManager, userId: string, purpose: string): Promise<void> {
    await this.people.lock(tx, userId);
    const given = await tx.findBy(Consent, { userId, purpose, withdrawnAt: IsNull() });
    const withdrawnAt = this.clock.now();
    for (const consent of given) {
      await tx.update(Consent, consent.id, { withdrawnAt });
      await this.outbox.add(tx, ConsentWithdrawn({ ...wordsOf(consent), withdrawnAt: withdrawnAt.toISOString() }));
    }
  }

  async list(tx: EntityManager, userId: string): Promise<ConsentAnswer[]> {
    return (await tx.find(Consent, { where: { userId }, order: { id: 'DESC' } })).map(shown);
  }
}

const wordsOf = ({ id: consentId, userId, purpose, version, source }: Consent) => ({
  consentId,
  userId,
  purpose,
  version,
  source,
});

const shown = ({ id: consentId, purpose, version, source, givenAt, withdrawnAt }: Consent): ConsentAnswer => ({
  consentId,
  purpose,
  version,
  source,
  givenAt,
  withdrawnAt,
});
