import { CancelOrder, ListMyOrders, PayOrder, ReadMyOrder } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { z } from 'zod';
import { type Asking, type Drawn, lines, LookAgain, page, paragraphs, type Reader, rows, to } from './page';
import { readShop, wayLabel, waysToPay } from './shop';

export type Order = AnswerOf<typeof ReadMyOrder>;

const ofOrder = z.object({ orderId: z.uuid() });

/** An order, once its provider has said where it is paid; or as it is, where that takes longer. */
export async function settledOrder({ call, mayLookAgain }: Asking, orderId: string): Promise<Order> {
  const order = await call(ReadMyOrder, { params: { orderId } });
  if (order.next?.kind === 'wait' && mayLookAgain) throw new LookAgain('order', { orderId });
  return order;
}

const BOUGHT = ['plan', 'renewal', 'change', 'package'];

export function drawOrder(order: Order, reader: Reader): Drawn {
  const { say } = reader;
  const { id: orderId, title, state, next, quote, failure, kind, subscriptionId, giftLink } = order;
  const { dueMinor, fromBalanceMinor, currency } = quote;
  const about = { orderId };
  const due = reader.money({ amountMinor: dueMinor, currency });
  const home = to(say('back'), 'home');
  const name = say('order.title', { title: reader.name(title) });
  if (state === 'awaiting') {
    const cancel = to(say('order.cancel'), 'cancel-order', about);
    const otherWay = to(say('order.otherWay'), 'ways', about);
    const check = to(say('order.check'), 'order', about);
    const held =
      fromBalanceMinor > 0 && say('order.held', { amount: reader.money({ amountMinor: fromBalanceMinor, currency }) });
    switch (next?.kind) {
      case 'open':
      case 'stars': {
        const url = next.kind === 'open' ? next.url : next.link;
        const until = say('order.until', { time: reader.time(next.expiresAt) });
        return {
          text: paragraphs(name, lines(say('order.due', { amount: due }), held, until), say('order.then')),
          buttons: rows([{ label: say('order.pay', { amount: due }), url }], [check], [otherWay, cancel]),
          orderId,
        };
      }
      case 'top-up': {
        const missing = { amountMinor: next.missingMinor, currency };
        const wanted = { kind: 'top-up', amountMinor: next.missingMinor };
        return {
          text: paragraphs(name, say('order.missing', { amount: reader.money(missing) })),
          buttons: rows(
            [to(say('order.topUp', { amount: reader.money(missing) }), 'checkout', { wanted, currency })],
            [otherWay, cancel],
            [home],
          ),
          orderId,
        };
      }
      case 'wait':
        return { text: paragraphs(name, say('order.wait')), buttons: rows([check], [otherWay, cancel]), orderId };
      default:
        return {
          text: paragraphs(name, say([`failures.${failure ?? 'other'}`, 'failures.other'])),
          buttons: rows([otherWay], [cancel], [home]),
          orderId,
        };
    }
  }
  const mine =
    subscriptionId !== null && BOUGHT.includes(kind) && to(say('home.mine'), 'subscription', { subscriptionId });
  // Where a bot has no address, it is what the other person writes to it.
  const passedOn = giftLink !== null && (URL.canParse(giftLink) ? giftLink : `/start ${giftLink}`);
  if (state === 'paid' || state === 'fulfilled') {
    return {
      text: paragraphs(name, say([`order.paid.${kind}`, 'order.paid.other']), passedOn),
      buttons: rows(
        [
          kind !== 'top-up' &&
            subscriptionId !== null &&
            to(say('subscription.connect'), 'connect', { subscriptionId }),
        ],
        [mine, kind === 'top-up' && to(say('home.balance'), 'balance')],
        [home],
      ),
    };
  }
  const again = to(say('order.again'), 'plans');
  return {
    text: paragraphs(name, say([`order.states.${state}`, 'order.states.other'])),
    buttons: rows([state === 'cancelled' || state === 'expired' ? again : mine], [home]),
  };
}

const payment = ofOrder.extend({ provider: z.string(), savedMethodId: z.uuid().optional() });

const LISTED = 8;

export const orderPages = {
  order: page(ofOrder, (asking, { orderId }) => settledOrder(asking, orderId), drawOrder),

  'cancel-order': page(
    ofOrder,
    ({ call, key }, { orderId }) => call(CancelOrder, { params: { orderId }, idempotencyKey: key }),
    drawOrder,
  ),

  ways: page(
    ofOrder,
    async (asking, { orderId }) => {
      const [shop, order] = await Promise.all([readShop(asking), asking.call(ReadMyOrder, { params: { orderId } })]);
      return { order, ways: waysToPay(shop, [order.quote.currency]) };
    },
    ({ order, ways }, reader) => {
      const { id: orderId, quote } = order;
      const amount = reader.money({ amountMinor: quote.dueMinor, currency: quote.currency });
      return {
        text: reader.say(ways.length > 0 ? 'order.ways' : 'checkout.noWays', { amount }),
        buttons: rows(
          ...ways.flatMap((way) => [
            ...way.saved.map(({ methodId, title }) => [
              to(`💳 ${title}`, 'pay-order', { orderId, provider: way.provider, savedMethodId: methodId }),
            ]),
            [to(wayLabel(way, reader), 'pay-order', { orderId, provider: way.provider })],
          ]),
          [to(reader.say('back'), 'order', { orderId })],
        ),
      };
    },
  ),

  'pay-order': page(
    payment,
    async (asking, { orderId, provider, savedMethodId }) => {
      const body = { provider, ...(savedMethodId !== undefined && { savedMethodId }) };
      await asking.call(PayOrder, { params: { orderId }, body, idempotencyKey: asking.key });
      return settledOrder(asking, orderId);
    },
    drawOrder,
  ),

  orders: page(
    z.object({}),
    ({ botId, call }) => call(ListMyOrders, { query: { botId, limit: LISTED } }),
    ({ data }, reader) => ({
      text: reader.say(data.length > 0 ? 'orders.title' : 'orders.none'),
      buttons: rows(
        ...data.map(({ id: orderId, title, quote, totalMinor, state }) => {
          const amount = reader.money({ amountMinor: totalMinor, currency: quote.currency });
          const mark = reader.say([`orders.marks.${state}`, 'orders.marks.other']);
          return [to(`${mark} ${reader.name(title)} · ${amount}`, 'order', { orderId })];
        }),
        [to(reader.say('back'), 'home')],
      ),
    }),
  ),
};
