import {
  ListMyPayouts,
  ListMyRewards,
  type Money,
  ReadMyReferrals,
  RequestPayout,
  WithdrawPayout,
} from '@switchboard/contracts';
import { z } from 'zod';
import { type Asking, type Drawn, lines, page, paragraphs, type Reader, rows, startLink, to } from './page';

const nothing = z.object({});
const LISTED = 5;

/** What is asked to be paid out, and where to. */
export const Payout = z.object({
  currency: z.string(),
  amountMinor: z.int().positive(),
  details: z.string().max(500).optional(),
});
export type Payout = z.output<typeof Payout>;

/** With the key by which it is asked for: once, however often it is asked where to. */
export const AwaitsDetails = Payout.extend({ key: z.string() });

async function loadReferrals({ botId, call }: Asking) {
  const [programme, rewards, payouts] = await Promise.all([
    call(ReadMyReferrals, { query: { botId } }),
    call(ListMyRewards, { query: { botId, limit: LISTED } }),
    call(ListMyPayouts, { query: { botId, limit: LISTED } }),
  ]);
  return { programme, rewards: rewards.data, payouts, note: undefined as string | undefined };
}

/** What there is enough of. */
const payableOf = ({ payable, least }: { payable: readonly Money[]; least: readonly Money[] }) =>
  payable.filter(({ currency, amountMinor }) =>
    least.some((one) => one.currency === currency && amountMinor >= Math.max(1, one.amountMinor)),
  );

function drawReferrals(
  { programme, rewards, payouts, note }: Awaited<ReturnType<typeof loadReferrals>>,
  reader: Reader,
): Drawn {
  const { say } = reader;
  const { link, percents, everyPayment, paying, pending, earned } = programme;
  const sum = (all: readonly Money[]) => all.map((one) => reader.money(one)).join(', ');
  const [first = 0, ...deeper] = percents;
  const open = payouts.data.find(({ state }) => state === 'asked' || state === 'approved');
  const reward = ({ at, state, ...money }: (typeof rewards)[number]) =>
    say([`referrals.rewards.${state}`, 'referrals.rewards.other'], {
      day: reader.day(at),
      amount: reader.money(money),
    });
  return {
    text: paragraphs(
      note && say(note),
      say(everyPayment ? 'referrals.always' : 'referrals.once', { percent: first }),
      deeper.length > 0 && say('referrals.deeper', { percents: deeper.map((one) => `${one} %`).join(', ') }),
      startLink(link),
      lines(
        say('referrals.invited', { count: link.invited }),
        say('referrals.paying', { count: paying }),
        pending.length > 0 && say('referrals.pending', { amount: sum(pending) }),
        say('referrals.earned', { amount: sum(earned) || '—' }),
      ),
      lines(...rewards.map(reward)),
      open && say('referrals.asked', { amount: reader.money(open) }),
    ),
    buttons: rows(
      ...(open
        ? [[open.state === 'asked' && to(say('referrals.withdraw'), 'withdraw-payout', { payoutId: open.id })]]
        : payableOf(payouts).map((money) => [
            to(say('referrals.payOut', { amount: reader.money(money) }), 'pay-out', money),
          ])),
      [to(say('refresh'), 'referrals'), to(say('back'), 'home')],
    ),
  };
}

/** Whom somebody has brought, and what they have of it. */
export const referralPages = {
  referrals: page(nothing, loadReferrals, drawReferrals),

  'pay-out': page(
    Payout,
    async (asking, payout) => {
      const { details, ...money } = payout;
      if (details === undefined) return { ask: { ...money, key: asking.key } };
      const body = { botId: asking.botId, ...money, details };
      await asking.call(RequestPayout, { body, idempotencyKey: asking.key });
      return { referrals: { ...(await loadReferrals(asking)), note: 'referrals.payOutAsked' } };
    },
    (outcome, reader) =>
      outcome.referrals
        ? drawReferrals(outcome.referrals, reader)
        : {
            text: reader.say('referrals.details', { amount: reader.money(outcome.ask) }),
            asks: { step: 'payout', data: outcome.ask },
          },
  ),

  'withdraw-payout': page(
    z.object({ payoutId: z.uuid() }),
    async (asking, { payoutId }) => {
      await asking.call(WithdrawPayout, { params: { payoutId }, idempotencyKey: asking.key });
      return { ...(await loadReferrals(asking)), note: 'referrals.withdrawn' };
    },
    drawReferrals,
  ),
};
