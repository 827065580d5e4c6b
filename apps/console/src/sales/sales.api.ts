import { paymentsBoardsReadOptions, type PaymentsBoardsReadResponse } from '@switchboard/api-client';
import { useLanguage } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

/** Revenue and subscriptions by month: in the currency that is asked for, or the one in which most is sold. */
export function useSalesBoard({ botId, currency, months }: { botId?: string; currency?: string; months: number }) {
  const { language } = useLanguage();
  const guess = currency ?? (language === 'ru' ? 'RUB' : 'USD');
  const first = useQuery(boardIn(guess, { botId, months }));
  const wanted = currency ?? first.data?.currencies[0] ?? guess;
  const board = useQuery({ ...boardIn(wanted, { botId, months }), enabled: first.data !== undefined });
  return first.data ? board : first;
}

const boardIn = (currency: string, { botId, months }: { botId?: string; months: number }) => ({
  ...paymentsBoardsReadOptions({ query: { botId, currency, months } }),
  placeholderData: keepPreviousData<PaymentsBoardsReadResponse>,
});
