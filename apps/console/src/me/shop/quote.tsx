import { type PaymentsOrdersQuoteData, paymentsOrdersQuote, type PaymentsQuote } from '@switchboard/api-client';
import { problemOf, ProblemLine, SkeletonLines, useFormats, useKitTexts } from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useShopTexts } from './shop.texts';
import './shop.css';

export type Asked = PaymentsOrdersQuoteData['body'];

/** What something costs with everything that makes it cheaper; the last answer stays until the next one is there. */
export const useQuote = (asked: Asked | undefined) =>
  useQuery({
    queryKey: ['quote', asked],
    queryFn: async ({ signal }) => (await paymentsOrdersQuote({ body: asked!, signal })).data,
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });

const TYPED_WITHIN_MS = 300;

/** What is typed, once somebody has stopped: prices are not asked for by the digit. */
export function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), TYPED_WITHIN_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** What is wrong with a promo code is said beside it. */
export const isAboutPromo = (error: unknown): boolean => problemOf(error)?.code.startsWith('payments.promo_') ?? false;

/** The lines of a quote, what is to be paid last. */
export function QuoteSum({ quote }: { quote: PaymentsQuote }) {
  const t = useShopTexts();
  const formats = useFormats();
  const { currency, listMinor, discountMinor, creditMinor, fromBalanceMinor, dueMinor, extraDays, validUntil } = quote;
  const { useMinor = 0 } = quote;
  const price = (amountMinor: number) => formats.price({ amountMinor, currency });
  const lines = [
    [t.checkout.price, price(listMinor)],
    [t.checkout.credit, creditMinor > 0 && price(-creditMinor)],
    [t.checkout.discount, discountMinor > 0 && price(-discountMinor)],
    [t.checkout.use, useMinor > 0 && price(useMinor)],
    [t.checkout.extra, extraDays > 0 && t.plan.days(extraDays)],
    [t.checkout.fromBalance, fromBalanceMinor > 0 && price(-fromBalanceMinor)],
    [t.checkout.until, validUntil && formats.date(validUntil)],
  ] as const;
  return (
    <dl className="shop-sum">
      {lines.map(
        ([name, value]) =>
          value && (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
      <dt data-due>{t.checkout.due}</dt>
      <dd data-due>{price(dueMinor)}</dd>
    </dl>
  );
}

/** The same of what is about to be ordered. */
export function Quoted({ answer: { data, error, isPlaceholderData } }: { answer: ReturnType<typeof useQuote> }) {
  const kit = useKitTexts();
  if (error && !isAboutPromo(error)) return <ProblemLine error={error} />;
  return (
    <div aria-live="polite" aria-busy={isPlaceholderData}>
      {data ? <QuoteSum quote={data} /> : <SkeletonLines lines={2} label={kit.loading} />}
    </div>
  );
}
