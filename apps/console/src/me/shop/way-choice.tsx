import { RadioGroup, useFormats, wordOf } from '@switchboard/ui';
import { type PayWith, takes, useMethodNames } from './shop.api';
import { useShopTexts } from './shop.texts';

/** How somebody pays: by a provider's page, by what they have saved there, or from the balance. */
interface Way {
  readonly id: string;
  /** None: it is bought by itself once the balance suffices. */
  readonly provider?: string;
  readonly savedMethodId?: string;
  /** What is paid so can be charged again. */
  readonly recurring: boolean;
  /** It can be remembered for next time; Stars are, wherever they can go on, and nothing of them is saved. */
  readonly savable?: boolean;
}

/** As a guest sees it, nothing of a person is in it. */
type Offered = Omit<PayWith, 'saved' | 'needsEmail'> & Partial<PayWith>;

const BALANCE: Way = { id: 'balance', recurring: true };

/** Whether nothing is paid by it without an address. */
export const needsEmail = (payWith: readonly Offered[], { provider }: Way): boolean =>
  payWith.some((one) => one.provider === provider && one.needsEmail);

/** @param balance undefined where it is of no use, as to top itself up */
export function waysFor(payWith: readonly Offered[], currency: string, balance?: number): Way[] {
  const offered = payWith.filter((one) => takes(one, currency));
  return [
    ...offered.flatMap(({ provider, saved = [] }) =>
      saved.map(({ methodId }) => ({ id: methodId, provider, savedMethodId: methodId, recurring: true })),
    ),
    ...offered.map(({ provider, recurring, methods }) => ({
      ...{ id: provider, provider, recurring },
      savable: recurring && !methods.includes('stars'),
    })),
    ...(balance === undefined ? [] : [BALANCE]),
  ];
}

export function WayChoice({
  ways,
  payWith,
  currency,
  balance,
  due,
  value,
  onChange,
}: {
  ways: readonly Way[];
  payWith: readonly Offered[];
  currency: string;
  balance?: number;
  /** What it costs in all. */
  due?: number;
  value: string | undefined;
  onChange: (id: string) => void;
}) {
  const t = useShopTexts();
  const formats = useFormats();
  const methodNames = useMethodNames();
  if (ways.length === 0) return <p className="note">{t.checkout.noWays}</p>;
  const wordsOf = ({ id, provider, savedMethodId }: Way) => {
    if (provider === undefined) {
      const has = formats.price({ amountMinor: balance ?? 0, currency });
      const isShort = due !== undefined && (balance ?? 0) < due;
      return {
        label: t.methods.balance,
        hint: isShort ? t.checkout.balanceShort(has) : t.checkout.balanceHas(has),
      };
    }
    const offered = payWith.find((one) => one.provider === provider)!;
    const saved = offered.saved?.find(({ methodId }) => methodId === savedMethodId);
    if (saved) return { label: saved.title, hint: t.checkout.saved };
    const [label, name] = [methodNames(offered), wordOf(t.providers, id)];
    return { label, hint: label === name ? undefined : name };
  };
  return (
    <RadioGroup
      label={t.checkout.pay}
      cards
      value={value ?? null}
      onChange={onChange}
      choices={ways.map((way) => ({ id: way.id, ...wordsOf(way) }))}
    />
  );
}
