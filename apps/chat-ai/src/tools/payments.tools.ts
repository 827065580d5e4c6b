import {
  ChangeMySubscription,
  formatMoney,
  ListMyOrders,
  ListMySubscriptions,
  localized,
  nearestLocale,
  ReadMyBalance,
} from '@switchboard/contracts';
import { type AnswerOf, type ServiceClient } from '@switchboard/service-kit';
import { z } from 'zod';
import {
  ASK_TIMEOUT_MS,
  asCaller,
  dayOf,
  momentOf,
  type ReadTool,
  type ToolCaller,
  ToolRefused,
  type WriteTool,
} from './tool';

type Subscription = AnswerOf<typeof ListMySubscriptions>['data'][number];

/** More of them are not what somebody asks about. */
const MOST_ORDERS = 5;

/** What the person has bought of the bot they write to, as payments knows it. */
export function paymentsTools(services: ServiceClient): [ReadTool, ReadTool, WriteTool] {
  const subscriptionsOf = async (caller: ToolCaller, signal: AbortSignal): Promise<Subscription[]> => {
    const asked = { actor: asCaller(caller, 'me:read'), timeoutMs: ASK_TIMEOUT_MS, signal };
    return (await services.call(ListMySubscriptions, { query: { botId: caller.botId } }, asked)).data;
  };

  const mySubscriptions: ReadTool = {
    name: 'my_subscriptions',
    description:
      'The subscriptions of the person you talk with: plan, status, until when it is paid and when it ends, what is charged next, whether it renews by itself.',
    permission: 'read',
    input: z.strictObject({}),
    run: async (caller, _input, signal) => ({
      subscriptions: (await subscriptionsOf(caller, signal)).map((one, i) => ({
        number: i + 1,
        ...shown(one, caller),
      })),
    }),
  };

  const myPayments: ReadTool = {
    name: 'my_payments',
    description:
      'The latest orders and payments of the person you talk with, whether they were paid, failed or refunded, and their balance.',
    permission: 'read',
    input: z.strictObject({}),
    run: async (caller, _input, signal) => {
      const asked = { actor: asCaller(caller, 'me:read'), timeoutMs: ASK_TIMEOUT_MS, signal };
      const [orders, { balances }] = await Promise.all([
        services.call(ListMyOrders, { query: { botId: caller.botId, limit: MOST_ORDERS } }, asked),
        services.call(ReadMyBalance, { query: { limit: 1 } }, asked),
      ]);
      const money = (amountMinor: number, currency: string) => formatMoney({ amountMinor, currency }, caller.locale);
      return {
        orders: orders.data.map(({ title, state, quote, provider, failure, createdAt, paidAt, refundedMinor }) => ({
          what: localized(title, caller.locale),
          state,
          price: money(quote.dueMinor + quote.fromBalanceMinor, quote.currency),
          ordered: momentOf(createdAt, caller),
          ...(paidAt && { paid: momentOf(paidAt, caller) }),
          ...(provider && { paidThrough: provider }),
          ...(failure && { failedBecause: failure }),
          ...(refundedMinor > 0 && { refunded: money(refundedMinor, quote.currency) }),
        })),
        balance: balances.map(({ amountMinor, currency }) => money(amountMinor, currency)),
      };
    },
  };

  const plan = z.object({ subscriptionId: z.uuid() });
  const turnOffRenewal: WriteTool<z.ZodObject<{ number: z.ZodOptional<z.ZodInt> }>, typeof plan> = {
    name: 'turn_off_renewal',
    description:
      'Turns off that a subscription of the person you talk with renews by itself. Call it when they want no more to be charged.',
    permission: 'write',
    input: z.strictObject({
      number: z
        .int()
        .min(1)
        .max(50)
        .optional()
        .describe('Which one, by its number in my_subscriptions, if there are several.'),
    }),
    plan,
    prepare: async (caller, { number }, signal) => {
      const all = await subscriptionsOf(caller, signal);
      const renewing = number === undefined ? all.filter(({ autoRenew }) => autoRenew) : all.slice(number - 1, number);
      const [subscription, another] = renewing;
      if (!subscription?.autoRenew) throw new ToolRefused('No such subscription renews by itself.');
      if (another)
        throw new ToolRefused('Several subscriptions renew by themselves: ask the person which one is meant.');
      return {
        plan: { subscriptionId: subscription.id },
        question: TEXTS[nearestLocale(caller.locale)].question(facts(subscription, caller)),
      };
    },
    execute: async (caller, { subscriptionId }, signal) => {
      const texts = TEXTS[nearestLocale(caller.locale)];
      const subscription = (await subscriptionsOf(caller, signal)).find(({ id }) => id === subscriptionId);
      if (!subscription) throw new ToolRefused(texts.gone);
      if (subscription.autoRenew) {
        const asked = { actor: asCaller(caller, 'me:write'), timeoutMs: ASK_TIMEOUT_MS, signal };
        const change = {
          params: { subscriptionId },
          body: { autoRenew: false },
          ifMatch: `"${subscription.revision}"`,
        };
        await services.call(ChangeMySubscription, change, asked);
      }
      return texts.done(facts(subscription, caller));
    },
  };

  return [mySubscriptions, myPayments, turnOffRenewal as WriteTool];
}

function shown(subscription: Subscription, caller: ToolCaller) {
  const { planName, status, validUntil, servedUntil, autoRenew, renewsWith, nextCharge, region, features } =
    subscription;
  return {
    plan: localized(planName, caller.locale),
    status,
    paidUntil: momentOf(validUntil, caller),
    ...(servedUntil.getTime() !== validUntil.getTime() && { worksUntil: momentOf(servedUntil, caller) }),
    renewsByItself: autoRenew,
    ...(renewsWith && { renewsWith }),
    ...(nextCharge && { nextCharge: `${formatMoney(nextCharge, caller.locale)}, ${momentOf(nextCharge.at, caller)}` }),
    ...(region && { region }),
    features,
  };
}

interface Facts {
  readonly plan: string;
  readonly until: string;
  readonly charge: string | undefined;
}

const facts = ({ planName, validUntil, nextCharge }: Subscription, caller: ToolCaller): Facts => ({
  plan: localized(planName, caller.locale),
  until: dayOf(validUntil, caller),
  charge: nextCharge ? formatMoney(nextCharge, caller.locale) : undefined,
});

const TEXTS = {
  en: {
    question: ({ plan, until, charge }: Facts) =>
      `Turn off the renewal of “${plan}”? It is paid until ${until}${charge ? `; after that ${charge} will not be charged` : ''}.`,
    done: ({ plan, until }: Facts) => `The renewal of “${plan}” is off. It works until ${until}.`,
    gone: 'This subscription is not there any more. Nothing was changed.',
  },
  ru: {
    question: ({ plan, until, charge }: Facts) =>
      `Отключить автопродление «${plan}»? Оплачено до ${until}${charge ? `; после этого ${charge} не спишется.` : ''}`,
    done: ({ plan, until }: Facts) => `Автопродление «${plan}» отключено. Подписка работает до ${until}`,
    gone: 'Этой подписки больше нет. Ничего не изменено.',
  },
} satisfies Record<'en' | 'ru', unknown>;
