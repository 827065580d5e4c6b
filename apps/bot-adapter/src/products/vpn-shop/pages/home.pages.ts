import { ListMyOffers, ListRegions, ReadMyReferrals, ReadShop, StartTrial, UseReferral } from '@switchboard/contracts';
import { type AnswerOf, isProblem } from '@switchboard/service-kit';
import { z } from 'zod';
import type { ScreenButton } from '../../../dialogs/screen';
import { type Asking, type Drawn, lines, page, paragraphs, type Reader, rows, to } from './page';
import { readShop, type Shop, statusLine, unlessAway } from './shop';
import { drawSubscription, loadSubscription } from './subscription.pages';

/** The others are shown once these are over. */
const OFFERS_SHOWN = 2;

type Offer = AnswerOf<typeof ListMyOffers>['data'][number];

interface Home {
  readonly shop: Shop | undefined;
  readonly isDisturbed: boolean;
  /** Whoever brings people has something of it. */
  readonly rewards: boolean;
  readonly offers: readonly Offer[];
}

async function loadHome(asking: Asking, { invitedBy }: { invitedBy?: string | undefined }): Promise<Home> {
  const { botId, call, key: idempotencyKey } = asking;
  // Mostly known already, since the person was met by the same link; and where it does not count there is nothing to say.
  if (invitedBy !== undefined)
    await unlessAway(call(UseReferral, { body: { botId, code: invitedBy }, idempotencyKey }));
  const [shop, regions, referrals, offers] = await Promise.all([
    readShop(asking).catch((error: unknown) => {
      if (isProblem(error, ReadShop, 'payments.no_shop')) return undefined;
      throw error;
    }),
    unlessAway(call(ListRegions, { query: { botId } })),
    unlessAway(call(ReadMyReferrals, { query: { botId } })),
    unlessAway(call(ListMyOffers, { query: { botId } })),
  ]);
  return {
    shop,
    isDisturbed: regions?.maintenance ?? false,
    rewards: referrals !== undefined,
    offers: (offers?.data ?? []).slice(0, OFFERS_SHOWN),
  };
}

function offerLabel({ gives, until }: Offer, reader: Reader): string {
  const { say } = reader;
  const day = reader.day(until);
  if (gives.kind === 'percent') return say('home.offerPercent', { percent: gives.percent, day });
  if (gives.kind === 'days') return say('home.offerDays', { count: gives.days, day });
  return say('home.offerLess', { day });
}

function drawHome({ shop, isDisturbed, rewards, offers }: Home, reader: Reader): Drawn {
  const { say } = reader;
  const help = to(say('home.help'), 'help');
  const language = { label: say('home.language'), action: 'language' };
  const notices = { label: say('home.notices'), action: 'notices' };
  if (!shop) return { text: say('home.closed'), buttons: [[help, language]] };
  const { plans, subscriptions, trial, cart } = shop;
  const shown = subscriptions.filter(({ status }) => status !== 'ended').slice(0, 3);
  const state = shown.map((one) => `${reader.name(one.planName)}: ${statusLine(one, reader)}`);
  const text = paragraphs(
    isDisturbed && say('maintenance'),
    say('home.title'),
    lines(...state) || say(trial ? 'home.nothingYet' : 'home.nothing'),
    ...offers.map(({ text }) => reader.name(text)),
    cart && say('home.cart', { missing: reader.money({ amountMinor: cart.missingMinor, currency: cart.currency }) }),
  );
  const [only] = subscriptions;
  const mine =
    only &&
    (subscriptions.length === 1
      ? to(say('home.mine'), 'subscription', { subscriptionId: only.id })
      : to(say('home.mine'), 'subscriptions'));
  return {
    text,
    buttons: rows(
      ...offers.map((offer) => [to(offerLabel(offer, reader), 'plans', { promoCode: offer.promoCode })]),
      [trial && to(say('home.trial', { count: trial.days }), 'trial')],
      [mine],
      [plans.length > 0 && to(say(subscriptions.length > 0 ? 'home.more' : 'home.buy'), 'plans')],
      [cart && to(say('home.toCart'), 'order', { orderId: cart.orderId })],
      [to(say('home.balance'), 'balance'), to(say('home.orders'), 'orders')],
      [
        plans.some(({ giftable }) => giftable) && to(say('home.gifts'), 'gifts'),
        rewards && to(say('home.referrals'), 'referrals'),
      ],
      [help, language, notices],
    ),
  };
}

/** One that has begun meanwhile is shown, whichever button it was begun by. */
async function begin(asking: Asking) {
  const { botId, call, key } = asking;
  const begun = await call(StartTrial, { body: { botId }, idempotencyKey: key }).catch(async (error: unknown) => {
    if (!isProblem(error, StartTrial, 'payments.trial_only_once')) throw error;
    const { subscriptions } = await readShop(asking);
    const present = subscriptions.find(({ status }) => status === 'trial');
    if (!present) throw error;
    return present;
  });
  return { ...(await loadSubscription(asking, { subscriptionId: begun.id })), note: 'trial.begun' };
}

/** To whom one can turn: a person elsewhere or here, else the assistant of the bot. */
interface Contacts {
  readonly url: string | undefined;
  readonly staff: boolean;
  readonly assistant: boolean;
}

const loadContacts = ({ settings, listeners }: Asking): Promise<Contacts> =>
  Promise.resolve({ url: settings.supportUrl, ...listeners });

function wordsOf({ url, staff, assistant }: Contacts, { say }: Reader): string | false {
  if (url !== undefined || staff) return say('help.people');
  return assistant && say('help.write');
}

function contactOf({ url, staff }: Contacts, { say }: Reader): ScreenButton | false {
  if (url !== undefined) return { label: say('help.support'), url };
  return staff && { label: say('help.support'), action: 'support' };
}

const nothing = z.object({});

export const homePages = {
  home: page(z.object({ invitedBy: z.string().max(64).optional() }), loadHome, drawHome),

  trial: page(nothing, begin, drawSubscription),

  help: page(nothing, loadContacts, (contacts, reader) => {
    const { say } = reader;
    return {
      text: paragraphs(say('help.text'), wordsOf(contacts, reader)),
      buttons: rows(
        [contactOf(contacts, reader)],
        [to(say('help.payments'), 'paysupport'), to(say('help.terms'), 'terms')],
        [to(say('back'), 'home')],
      ),
    };
  }),

  paysupport: page(nothing, loadContacts, (contacts, reader) => {
    const { say } = reader;
    return {
      text: paragraphs(say('paysupport.text'), wordsOf(contacts, reader)),
      buttons: rows([contactOf(contacts, reader)], [to(say('home.orders'), 'orders'), to(say('back'), 'home')]),
    };
  }),

  terms: page(
    nothing,
    () => Promise.resolve(undefined),
    (_, { say }) => ({ text: say('terms'), buttons: [[to(say('back'), 'home')]] }),
  ),
};
