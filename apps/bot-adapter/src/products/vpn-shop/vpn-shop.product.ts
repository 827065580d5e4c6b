import { Injectable } from '@nestjs/common';
import { type Bot, fromDecimal } from '@switchboard/contracts';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { InboundMembership, InboundMessage } from '../../channels/channel';
import { ContactsService, languagesOf } from '../../contacts/contacts.service';
import type { Conversation } from '../../dialogs/conversation';
import { action, type Action, type PrivacyNotes, type Product, step } from '../../dialogs/product';
import { ProductRouter } from '../../dialogs/product-router.service';
import { menu } from '../../dialogs/screen';
import { KEPT_DAYS } from '../../kept-days';
import { Catalogue, shared } from '../../texts/catalogue';
import { AwaitsEmail, Checkout } from './pages/checkout.pages';
import { to } from './pages/page';
import { FOR_STAFF, isPage, type PageName, PAGES } from './pages/pages';
import { AwaitsDetails } from './pages/referral.pages';
import { MembershipsJobs } from './membership/memberships.jobs';
import { ShopNoticesJobs } from './notices/shop-notices.jobs';
import { SWITCHABLE } from './notices/notices';
import { StaffNoticesService } from './notices/staff-notices.service';
import { VPN_SHOP } from './shop-name';
import { ShopPagesJobs } from './shop-pages/shop-pages.jobs';
import { SupportService } from './support/support.service';

/** A card of a promo code is no longer. */
const LONGEST_CODE = 64;
/** As payments takes it. */
const [SHORTEST_DETAILS, LONGEST_DETAILS] = [3, 500];
const LINKS = 'c0a7a7b6-5a31-4a4e-9a52-6a3c2f0e9b11';
const Email = z.email().max(254);

/** Sells access to a VPN: what there is and what somebody has is asked of payments and vpn-provisioner, page by page. */
@Injectable()
export class VpnShopProduct implements Product {
  readonly name = VPN_SHOP;
  readonly texts = new Catalogue(this.name, join(__dirname, 'texts'));

  readonly commands = {
    start: async (conversation: Conversation) =>
      (await this.staff.isOf(conversation))
        ? this.open(conversation, 'panel')
        : this.open(conversation, 'home', {}, { greets: true }),
    vpn: (conversation: Conversation) => this.open(conversation, 'subscriptions'),
    buy: (conversation: Conversation) => this.open(conversation, 'plans'),
    balance: (conversation: Conversation) => this.open(conversation, 'balance'),
    paysupport: (conversation: Conversation) => this.open(conversation, 'paysupport'),
    terms: (conversation: Conversation) => this.open(conversation, 'terms'),
  };

  readonly actions: Readonly<Record<string, Action>> = {
    ...Object.fromEntries(
      Object.entries(PAGES).map(([name, { data }]) => [
        name,
        action(data as z.ZodType, (conversation, value) => this.open(conversation, name as PageName, value)),
      ]),
    ),

    /** With the key of the press that failed: what that may have done after all is not done again. */
    again: action(
      z.object({ page: z.string(), data: z.unknown(), key: z.string() }),
      async (conversation, { page, data, key }) => {
        if (isPage(page)) await this.pages.show(conversation.tx, conversation.place, page, data, { key });
      },
    ),

    promo: action(Checkout, (conversation, checkout) =>
      conversation.ask('promo', { text: conversation.say('checkout.askPromo') }, checkout),
    ),

    amount: action(z.object({ currency: z.string() }), (conversation, { currency }) =>
      conversation.ask('amount', { text: conversation.say('balance.askAmount', { currency }) }, { currency }),
    ),

    support: action((conversation) => conversation.ask('support', { text: conversation.say('support.ask') })),

    notices: action((conversation) => this.showNotices(conversation)),
    'switch-notice': action(
      z.object({ group: z.enum(SWITCHABLE), on: z.boolean() }),
      async (conversation, { group, on }) => {
        const { tx, bot, place } = conversation;
        await this.notices.switch(tx, bot.id, place.userId, group, on);
        await this.showNotices(conversation);
      },
    ),

    language: action(async (conversation) => {
      const choices = languagesOf(conversation.bot).map((locale) => ({
        // Each language by its own name: whoever looks for theirs may not read the present one.
        ...{ label: shared.say(locale, 'language.name'), chosen: locale === conversation.chat.locale },
        ...{ action: 'speak', data: { locale } },
      }));
      const { text, buttons = [] } = menu(shared.say(conversation.chat.locale, 'language.question'), choices);
      await conversation.show({ text, buttons: [...buttons, [to(conversation.say('back'), 'home')]] });
    }),
    speak: action(z.object({ locale: z.string() }), async (conversation, { locale }) => {
      await this.contacts.chooseLanguage(conversation.tx, conversation.chat, locale);
      await this.open(conversation, 'home');
    }),
  };

  readonly steps = {
    promo: step(Checkout, async (conversation, { text = '' }, checkout) => {
      const promoCode = text.trim().slice(0, LONGEST_CODE);
      await conversation.finish();
      await this.open(conversation, 'checkout', { ...checkout, ...(promoCode && { promoCode }) });
    }),

    email: step(AwaitsEmail, async (conversation, { text = '' }, { key, ...placed }) => {
      const email = Email.safeParse(text.trim());
      if (!email.success)
        return conversation.ask('email', { text: conversation.say('checkout.noEmail') }, { ...placed, key });
      await conversation.finish();
      return this.open(conversation, 'place', { ...placed, email: email.data }, { key });
    }),

    support: step(async (conversation, { text = '' }) => {
      if (!text.trim()) return conversation.ask('support', { text: conversation.say('support.ask') });
      await conversation.finish();
      const isPassedOn = await this.support.ask(conversation, { text });
      return conversation.show({ text: conversation.say(isPassedOn ? 'support.asked' : 'support.unreachable') });
    }),

    payout: step(AwaitsDetails, async (conversation, { text = '' }, { key, ...payout }) => {
      const details = text.trim().slice(0, LONGEST_DETAILS);
      if (details.length < SHORTEST_DETAILS)
        return conversation.ask('payout', { text: conversation.say('referrals.noDetails') }, { ...payout, key });
      await conversation.finish();
      return this.open(conversation, 'pay-out', { ...payout, details }, { key });
    }),

    amount: step(z.object({ currency: z.string() }), async (conversation, { text = '' }, { currency }) => {
      const money = fromDecimal(text.trim().replace(/\s/g, '').replace(',', '.'), currency);
      if (!money || money.amountMinor === 0)
        return conversation.ask('amount', { text: conversation.say('balance.noAmount') }, { currency });
      await conversation.finish();
      const wanted = { kind: 'top-up', amountMinor: money.amountMinor };
      return this.open(conversation, 'checkout', { wanted, currency });
    }),
  };

  constructor(
    private readonly pages: ShopPagesJobs,
    private readonly contacts: ContactsService,
    private readonly notices: ShopNoticesJobs,
    private readonly memberships: MembershipsJobs,
    private readonly support: SupportService,
    private readonly staff: StaffNoticesService,
    router: ProductRouter,
  ) {
    router.register(this);
  }

  privacy(conversation: Conversation): PrivacyNotes {
    return {
      kept: [conversation.say('privacy.kept', { days: KEPT_DAYS.content }), conversation.say('privacy.more')],
      passedOn: conversation.say('privacy.passedOn'),
    };
  }

  /** What staff answer in their group; everything else is for another product. */
  message(conversation: Conversation, message: InboundMessage): Promise<boolean> {
    return this.support.answer(conversation, message);
  }

  memberChanged(tx: EntityManager, bot: Bot, change: InboundMembership): Promise<void> {
    return this.memberships.changed(tx, bot, change);
  }

  /** By a link that payments has made, or by any other one: whoever comes is greeted. */
  async start(conversation: Conversation, payload: string): Promise<boolean> {
    const [, kind, code = ''] = /^(gift|guest|ref)_(.+)$/.exec(payload) ?? [];
    // The same link opened twice is one deed.
    const key = uuidv5(`${conversation.context.contact.userId} ${payload}`, LINKS);
    switch (kind) {
      case 'gift':
        await this.open(conversation, 'gift', { code });
        return true;
      case 'guest':
        await this.open(conversation, 'claim', { token: code }, { key });
        return true;
      default:
        await this.open(conversation, 'home', kind && { invitedBy: code }, { greets: true, key });
        return true;
    }
  }

  private async showNotices(conversation: Conversation): Promise<void> {
    const { tx, bot, place } = conversation;
    const off = await this.notices.switchedOff(tx, bot.id, place.userId);
    const buttons = SWITCHABLE.map((group) => {
      const mark = off.has(group) ? '☐' : '☑️';
      const label = `${mark} ${conversation.say(`notices.groups.${group}`)}`;
      return [{ label, action: 'switch-notice', data: { group, on: off.has(group) } }];
    });
    const back = to(conversation.say('back'), 'home');
    await conversation.show({ text: conversation.say('notices.title'), buttons: [...buttons, [back]] });
  }

  /** Everybody in a group would see what somebody has, and could use it. */
  private async open(
    conversation: Conversation,
    page: PageName,
    data: unknown = {},
    how: { greets?: boolean; key?: string } = {},
  ): Promise<void> {
    const { tx, chat, place, source } = conversation;
    const isHere = FOR_STAFF.has(page) ? await this.staff.isOf(conversation) : chat.kind === 'private';
    if (!isHere) return conversation.show({ text: conversation.say('inPrivate') });
    await this.pages.show(tx, place, page, data, { key: source.buttonId ?? uuidv7(), ...how });
  }
}
