import {
  type LocalizedText,
  type PaymentsFeatures,
  type PaymentsMyOrder,
  type PaymentsMySubscription,
  type PaymentsPayWith,
  type PaymentsShopPlan,
  paymentsShopReadOptions,
  type PaymentsShopReadResponse,
  paymentsSubscriptionsListMineOptions,
} from '@switchboard/api-client';
import { useFormats, useLanguage, wordOf } from '@switchboard/ui';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { tabStorage } from '../../tab-storage';
import { launch } from '../../web-app/launch';
import { useShopTexts } from './shop.texts';

export type Shop = PaymentsShopReadResponse;
export type Subscription = PaymentsMySubscription;
export type Plan = PaymentsShopPlan;
export type Order = PaymentsMyOrder;
export type PayWith = PaymentsPayWith;
type Price = Plan['prices'][number];

export const subscriptionsQuery = queryOptions(paymentsSubscriptionsListMineOptions());

/** The bots that somebody has something of, as far as that is known. */
export function useMyBots(): { bots: readonly string[]; isPending: boolean } {
  const { data, isFetched, failureCount } = useQuery(subscriptionsQuery);
  const { bot } = useSearch({ strict: false }) as { bot?: string };
  const kept = useKeptBot(bot);
  const first = bot ?? kept ?? launch?.botId;
  const bots = new Set([...(first ? [first] : []), ...(data?.data.map(({ botId }) => botId) ?? [])]);
  // Asked again after a failure, the query is pending once more; what is shown by then stays.
  return { bots: [...bots], isPending: first === undefined && !isFetched && failureCount === 0 };
}

/** The one whose shop is meant: what the address says, what it said last in this tab, else that of the newest subscription. */
export const useMyBot = (): string | undefined => useMyBots().bots[0];

const KEPT = 'switchboard.shop';

function useKeptBot(bot: string | undefined): string | undefined {
  useEffect(() => {
    if (bot) tabStorage.set(KEPT, bot);
  }, [bot]);
  return tabStorage.get(KEPT);
}

export const shopQuery = (botId: string) => paymentsShopReadOptions({ query: { botId } });

/** The text in the language of the page. */
export function useLocalized(): (text: LocalizedText) => string {
  const { language } = useLanguage();
  return (text) => text[language];
}

/** “1 month”, “90 days”. */
export function usePeriod(): (period: Plan['period']) => string {
  const t = useShopTexts().plan;
  return ({ count, unit }) => (unit === 'month' ? t.months(count) : t.days(count));
}

/** What a plan or a package brings, as lines; those of other products than these pages know are left to its description. */
export function useFeatures(): (features: PaymentsFeatures) => string[] {
  const t = useShopTexts().features;
  const formats = useFormats();
  return (features) => {
    const line = (name: string, any: string, some: (n: number) => string): string[] => {
      const value = features[name];
      if (value === null) return [any];
      return typeof value === 'number' && value > 0 ? [some(value)] : [];
    };
    return [
      ...line('vpn.traffic-bytes', t.anyTraffic, (bytes) => t.traffic(formats.traffic(bytes))),
      ...line('vpn.devices', t.anyDevices, t.devices),
      ...line('vpn.servers', t.anyServers, t.servers),
    ];
  };
}

export const isVpn = ({ features }: Pick<Subscription, 'features'>): boolean =>
  Object.keys(features).some((name) => name.startsWith('vpn.'));

/** What an order costs in all, whatever of it is paid by the balance. */
export const totalOf = ({ totalMinor, quote }: Order): Price => ({ amountMinor: totalMinor, currency: quote.currency });

export const priceIn = (prices: readonly Price[], currency: string): Price | undefined =>
  prices.find((price) => price.currency === currency);

/** “Card, SBP”. */
export function useMethodNames(): (way: Pick<PayWith, 'methods' | 'provider'>) => string {
  const t = useShopTexts();
  return ({ methods, provider }) =>
    methods.length > 0 ? methods.map((method) => wordOf(t.methods, method)).join(', ') : wordOf(t.providers, provider);
}

/** Those of the way's currencies; none named means all. */
export const takes = ({ currencies }: Pick<PayWith, 'currencies'>, currency: string): boolean =>
  currencies.length === 0 ? currency !== 'XTR' : currencies.includes(currency);
