import { Inject, Injectable } from '@nestjs/common';
import { type Bot, CheckChannelPayment, localized } from '@switchboard/contracts';
import { BotsRegistry, LOG, type Log, ServiceClient } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { TextsSection } from '../bots/bot-sections';
import type { Channel, InboundCheckout } from '../channels/channel';
import { ContactsService, languagesOf } from '../contacts/contacts.service';
import { KnownPeopleService } from '../contacts/known-people.service';
import { nearestLanguage, shared } from '../texts/catalogue';

/** A channel takes the answer for ten seconds, and has to hear it as well. */
const DEADLINE_MS = 4000;

/** Whether somebody may pay, asked of payments while the channel waits. Never by way of events: these may be late. */
@Injectable()
export class CheckoutsService {
  private readonly outcomes: Counter<'bot' | 'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly services: ServiceClient,
    private readonly contacts: ContactsService,
    private readonly people: KnownPeopleService,
    private readonly bots: BotsRegistry,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.outcomes = new Counter({
      name: 'checkouts_total',
      help: 'Payments in channels that were about to be made, by what they were answered: gone on, refused, unanswered by payments, too late, unsaid.',
      labelNames: ['bot', 'outcome'],
      registers: [registry],
    });
  }

  /** Throws nothing of the channel's or of payments': unanswered the payment does not go on, and the person may try again. */
  async answer(bot: Bot, channel: Channel, checkout: InboundCheckout): Promise<void> {
    const { refusal, outcome } = await this.decide(bot, checkout);
    const count = (what: string) => this.outcomes.inc({ bot: bot.id, outcome: what });
    try {
      const answered = await channel.payments?.answerCheckout(checkout.checkoutId, refusal);
      count(answered === 'answered' ? outcome : 'too late');
    } catch (error) {
      count('unsaid');
      this.log.warn({ err: error, bot: bot.id }, 'the channel did not hear whether somebody may pay');
    }
  }

  private async decide(bot: Bot, checkout: InboundCheckout): Promise<{ refusal?: string; outcome: string }> {
    const { from, payload, amountMinor, currency } = checkout;
    const payer = await this.people.find(this.db.manager, bot, from.externalId);
    const locale = payer?.locale ?? nearestLanguage(languagesOf(bot), from.language);
    const say = (key: string) => shared.say(locale, key, {}, this.bots.section(bot.id, 'texts', TextsSection));
    if (bot.isPaused) return { refusal: say('checkout.resting'), outcome: 'refused' };
    if (this.contacts.access(bot, from) !== 'allowed') return { refusal: say('restricted.short'), outcome: 'refused' };
    try {
      const body = { botId: bot.id, userId: payer?.userId ?? null, payload, amountMinor, currency };
      const { refusal } = await this.services.call(CheckChannelPayment, { body }, { timeoutMs: DEADLINE_MS });
      return refusal ? { refusal: localized(refusal, locale), outcome: 'refused' } : { outcome: 'gone on' };
    } catch (error) {
      this.log.warn({ err: error, bot: bot.id }, 'payments did not say whether somebody may pay');
      return { refusal: say('checkout.unavailable'), outcome: 'unanswered' };
    }
  }
}
