import { Inject, Injectable } from '@nestjs/common';
import type { TakeNotification } from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, LOG, type Log, type RequestOf } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { InvoicesJobs } from '../invoices/invoices.jobs';
import { NotAuthentic, type Notification } from '../providers/payment-provider';
import { ProviderNotOffered, ProvidersService } from '../providers/providers.service';

class UnknownAccount extends DomainError {
  constructor() {
    super('payments.unknown_account', 'There is no such account', 404);
  }
}

class NotAuthenticProblem extends DomainError {
  constructor() {
    super('payments.not_authentic', 'Nothing shows that the provider has sent this', 403);
  }
}

const TAKEN = { contentType: 'text/plain', body: 'OK' };

/** What providers tell of payments: a hint to ask them, and never more. */
@Injectable()
export class NotificationsService {
  private readonly taken: Counter<'provider' | 'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly providers: ProvidersService,
    private readonly invoices: InvoicesJobs,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.taken = new Counter({
      name: 'payment_notifications_total',
      help: 'What providers have told of payments: taken, about something else, or not to be believed.',
      labelNames: ['provider', 'outcome'],
      registers: [registry],
    });
  }

  async take({
    params,
    body,
    headers,
  }: RequestOf<typeof TakeNotification>): Promise<AnswerOf<typeof TakeNotification>> {
    const { provider: name, botId } = params;
    const provider = this.accountOf(botId, name);
    const count = (outcome: string) => this.taken.inc({ provider: name, outcome });
    let notification: Notification;
    try {
      notification = await provider.readNotification!({
        body: body as Buffer,
        headers: headers as Record<string, string | undefined>,
        now: this.clock.now(),
      });
    } catch (error) {
      if (!(error instanceof NotAuthentic)) throw error;
      count('refused');
      this.log.warn({ provider: name, botId, err: error }, 'a payment notification was refused');
      throw new NotAuthenticProblem();
    }
    const { externalId } = notification;
    if (externalId !== undefined) {
      await this.db.transaction((tx) => this.invoices.checkPayment(tx, { botId, provider: name, externalId }));
    }
    count(externalId === undefined ? 'passed_over' : 'taken');
    const { contentType, body: answer } = provider.acknowledgement ?? TAKEN;
    return { body: Readable.from([answer]), contentType };
  }

  private accountOf(botId: string, name: string) {
    try {
      const provider = this.providers.get(botId, name);
      if (provider.readNotification) return provider;
    } catch (error) {
      if (!(error instanceof ProviderNotOffered)) throw error;
    }
    throw new UnknownAccount();
  }
}
