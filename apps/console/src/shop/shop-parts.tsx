import type { PaymentsSubscriptionStatus } from '@switchboard/api-client';
import { Badge, FilterSelect, type Tone, useFormats, wordOf } from '@switchboard/ui';
import { useShopWords } from './shop.texts';

const orderTones: Record<string, Tone> = {
  ...{ awaiting: 'neutral', paid: 'info', fulfilled: 'good', cancelled: 'neutral', expired: 'neutral' },
  ...{ refunded: 'warn', 'partly-refunded': 'warn' },
};
const statusTones: Record<PaymentsSubscriptionStatus, Tone> = {
  ...{ trial: 'info', active: 'good', grace: 'warn', paused: 'neutral', expired: 'neutral', ended: 'bad' },
};
const refundTones: Record<string, Tone> = { sending: 'info', done: 'good', failed: 'bad' };

/** How far an order is. */
export function OrderState({ state }: { state: string }) {
  const t = useShopWords();
  return (
    <Badge dot tone={orderTones[state] ?? 'neutral'}>
      {wordOf(t.orderStates, state)}
    </Badge>
  );
}

export function SubscriptionStatus({ status }: { status: PaymentsSubscriptionStatus }) {
  const t = useShopWords();
  return (
    <Badge dot tone={statusTones[status]}>
      {t.statuses[status]}
    </Badge>
  );
}

export function RefundState({ state }: { state: string }) {
  const t = useShopWords();
  return (
    <Badge dot tone={refundTones[state] ?? 'neutral'}>
      {wordOf(t.refundStates, state)}
    </Badge>
  );
}

/** Amounts in a line. */
export function useMoneyList(): (amounts: readonly { amountMinor: number; currency: string }[]) => string {
  const formats = useFormats();
  return (amounts) => amounts.map(formats.money).join(' · ');
}

/** The same of amounts by currency. */
export function useSums(): (sums: Readonly<Record<string, number | undefined>>) => string {
  const listOf = useMoneyList();
  return (sums) => listOf(Object.entries(sums).map(([currency, amountMinor = 0]) => ({ amountMinor, currency })));
}

/** Narrows a list down to what was paid in one way. */
export function ProviderFilter({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (provider: string | undefined) => void;
}) {
  const t = useShopWords();
  return (
    <FilterSelect
      label={t.provider}
      any={t.anyProvider}
      value={value}
      onChange={onChange}
      choices={Object.entries(t.providers).map(([id, label]) => ({ id, label }))}
    />
  );
}
