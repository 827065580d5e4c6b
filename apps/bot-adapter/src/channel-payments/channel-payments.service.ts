import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Bot,
  type ChangeChannelRenewal,
  ChannelPaymentReceived,
  ChannelPaymentRefunded,
  ChannelRenewalChanged,
  type CreatePaymentLink,
  type ListChannelPayments,
  type RefundChannelPayment,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  BotsRegistry,
  Clock,
  DomainError,
  type RequestOf,
  UpstreamUnavailable,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import type { ChannelPayments, InboundPayment, InboundRefund, InboundRenewalChange } from '../channels/channel';
import { ChannelBusy, NotSent, OutcomeUnknown, Rejected, UnknownAccount } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ContactsService } from '../contacts/contacts.service';
import { KnownPeopleService } from '../contacts/known-people.service';

class PaymentsNotTaken extends DomainError {
  constructor(botId: string) {
    super('bot-adapter.payments_not_taken', 'The channel of this bot takes no payments', 409, { botId });
  }
}
class PayerNotFound extends DomainError {
  constructor() {
    super('bot-adapter.payer_not_found', 'Whoever paid is not known to this bot any more', 404);
  }
}
class PaymentRefused extends DomainError {
  constructor(error: Rejected) {
    super('bot-adapter.payment_refused', 'The channel refuses it', 422, { reason: error.message });
  }
}

/** Money that a channel takes itself: what it says becomes events, and what payments wants of it is asked of the channel. */
@Injectable()
export class ChannelPaymentsService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly contacts: ContactsService,
    private readonly people: KnownPeopleService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Of whoever it is, also of somebody to whom the bot does not listen: the money has been taken. */
  async received(tx: EntityManager, bot: Bot, account: string, payment: InboundPayment): Promise<void> {
    const met = await this.contacts.resolveContact(tx, bot, account, payment, { isReplay: true });
    const { contact } = 'context' in met ? met.context : met;
    const { payload, chargeId, amountMinor, currency, renewal, sentAt } = payment;
    await this.outbox.add(
      tx,
      ChannelPaymentReceived({
        ...{ botId: bot.id, channel: bot.channel.kind, userId: contact.userId },
        ...{ payload, chargeId, amountMinor, currency, paidAt: sentAt.toISOString() },
        renews: renewal !== undefined,
        isRenewal: renewal?.isFirst === false,
        ...(renewal?.paidUntil && { paidUntil: renewal.paidUntil.toISOString() }),
      }),
    );
  }

  /** False where nobody is known to whom it could have gone. */
  async refunded(tx: EntityManager, bot: Bot, refund: InboundRefund): Promise<boolean> {
    const payer = await this.people.find(tx, bot, refund.chat.externalId);
    if (!payer) return false;
    const { payload, chargeId, amountMinor, currency, sentAt } = refund;
    const about = { botId: bot.id, channel: bot.channel.kind, userId: payer.userId };
    const charge = { payload, chargeId, amountMinor, currency, refundedAt: sentAt.toISOString() };
    await this.outbox.add(tx, ChannelPaymentRefunded({ ...about, ...charge }));
    return true;
  }

  async renewalChanged(tx: EntityManager, bot: Bot, { from, payload, state }: InboundRenewalChange): Promise<boolean> {
    const payer = await this.people.find(tx, bot, from.externalId);
    if (!payer) return false;
    const about = { botId: bot.id, channel: bot.channel.kind, userId: payer.userId };
    const changedAt = this.clock.now().toISOString();
    await this.outbox.add(tx, ChannelRenewalChanged({ ...about, payload, state, changedAt }));
    return true;
  }

  async createLink({
    params: { botId },
    body: { renewsAfterDays, ...invoice },
  }: RequestOf<typeof CreatePaymentLink>): Promise<AnswerOf<typeof CreatePaymentLink>> {
    const { payments } = this.taking(botId);
    return { link: await unlessRejected(payments.createLink(invoice, renewsAfterDays)) };
  }

  async refund({ params: { botId, chargeId }, body }: RequestOf<typeof RefundChannelPayment>): Promise<void> {
    const { bot, payments } = this.taking(botId);
    await this.ofPayer(bot, body.userId, (payer) => payments.refund(payer, chargeId));
  }

  async changeRenewal({ params, body }: RequestOf<typeof ChangeChannelRenewal>): Promise<void> {
    const { bot, payments } = this.taking(params.botId);
    await this.ofPayer(bot, body.userId, (payer) => payments.changeRenewal(payer, params.chargeId, body.renews));
  }

  async list({
    params: { botId },
    query: { since, cursor, limit },
  }: RequestOf<typeof ListChannelPayments>): Promise<AnswerOf<typeof ListChannelPayments>> {
    const { bot, payments } = this.taking(botId);
    const from = { ...(since && { since }), ...(cursor !== undefined && { cursor }) };
    const listed = await unlessRejected(payments.list(from, limit));
    const payers = listed.transactions.flatMap(({ payer }) => payer ?? []);
    const users = await this.people.findAll(this.db.manager, bot, payers);
    const data = listed.transactions.map(({ payer, payload = null, ...transaction }) => ({
      ...transaction,
      payload,
      userId: (payer && users.get(payer)) || null,
    }));
    return { data, cursor: listed.cursor };
  }

  /** Also of a bot that was archived: money may go back for as long as anybody can ask for it. */
  private taking(botId: string): { bot: Bot; payments: ChannelPayments } {
    const bot = this.bots.find(botId) ?? this.bots.archived(botId);
    const channel = this.channels.find(botId) ?? this.channels.ofArchived(botId);
    if (!bot || !channel) throw new UnknownAccount();
    if (!channel.payments) throw new PaymentsNotTaken(botId);
    return { bot, payments: channel.payments };
  }

  /** With which of their accounts somebody paid only the channel knows: those that have not are refused. */
  private async ofPayer(
    bot: Bot,
    userId: string,
    ask: (payer: { externalId: string }) => Promise<void>,
  ): Promise<void> {
    let refused: unknown = new PayerNotFound();
    for (const externalId of await this.people.privateAddresses(this.db.manager, bot.id, userId)) {
      try {
        return await unlessRejected(ask({ externalId }));
      } catch (error) {
        if (!(error instanceof PaymentRefused)) throw error;
        refused = error;
      }
    }
    throw refused;
  }
}

async function unlessRejected<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Rejected) throw new PaymentRefused(error);
    if (error instanceof NotSent || error instanceof OutcomeUnknown || error instanceof ChannelBusy)
      throw new UpstreamUnavailable('the channel of the bot does not answer', { cause: error });
    throw error;
  }
}
