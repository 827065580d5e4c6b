import { ClaimGuestOrder, ListMyGifts, OpenGift, PreviewGift } from '@switchboard/contracts';
import { z } from 'zod';
import { page, paragraphs, rows, startLink, to } from './page';
import { readShop } from './shop';
import { drawSubscription, loadSubscription } from './subscription.pages';

const nothing = z.object({});
const ofGift = z.object({ code: z.string().max(64) });

const LISTED = 8;

/** What one person has bought and another one has. */
export const giftPages = {
  gifts: page(
    nothing,
    async (asking) => {
      const { botId, call } = asking;
      const [{ plans }, { data }] = await Promise.all([
        readShop(asking),
        call(ListMyGifts, { query: { botId, limit: LISTED } }),
      ]);
      return { gifts: data, isSold: plans.some(({ giftable }) => giftable) };
    },
    ({ gifts, isSold }, reader) => {
      const { say } = reader;
      const line = ({ title, state, expiresAt, ...link }: (typeof gifts)[number]) =>
        [
          say([`gifts.states.${state}`, 'gifts.states.other'], {
            title: reader.name(title),
            day: reader.day(expiresAt),
          }),
          ...(state === 'waiting' && link.startParameter !== null ? [startLink(link)] : []),
        ].join('\n');
      return {
        text: paragraphs(say('gifts.title'), ...gifts.map(line)),
        buttons: rows(
          [isSold && to(say('gifts.buy'), 'plans', { gift: true })],
          ...gifts
            .filter(({ state, code }) => state === 'returned' && code !== null)
            .map(({ title, code }) => [to(say('gifts.keep', { title: reader.name(title) }), 'open-gift', { code })]),
          [to(say('back'), 'home')],
        ),
      };
    },
  ),

  /** Whoever has the link. */
  gift: page(
    ofGift,
    async ({ call }, { code }) => ({ code, ...(await call(PreviewGift, { body: { code } })) }),
    ({ code, title, period, expiresAt, isOwn }, reader) => {
      const { say } = reader;
      const inside = { title: reader.name(title), period: reader.period(period), day: reader.day(expiresAt) };
      return {
        text: say(isOwn ? 'gifts.own' : 'gifts.inside', inside),
        buttons: rows([!isOwn && to(say('gifts.open'), 'open-gift', { code })], [to(say('back'), 'home')]),
      };
    },
  ),

  'open-gift': page(
    ofGift,
    async (asking, { code }) => {
      const { id: subscriptionId } = await asking.call(OpenGift, { body: { code }, idempotencyKey: asking.key });
      return { ...(await loadSubscription(asking, { subscriptionId })), note: 'gifts.opened' };
    },
    drawSubscription,
  ),

  /** What somebody has bought on the site before they were known here. */
  claim: page(
    z.object({ token: z.string().max(64) }),
    async (asking, { token }) => {
      const { subscriptionId } = await asking.call(ClaimGuestOrder, { body: { token }, idempotencyKey: asking.key });
      return { ...(await loadSubscription(asking, { subscriptionId })), note: 'claimed' };
    },
    drawSubscription,
  ),
};
