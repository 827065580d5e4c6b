import type { PaymentsPrices } from '@switchboard/api-client';
import { type FormValues, IconButton, MoneyField, useLanguage } from '@switchboard/ui';
import { X } from 'lucide-react';
import { Suspense, useState } from 'react';
import { lazyPart } from '../lazy-part';
import { useShopWords } from './shop.texts';
import './shop.css';

/** A field that searches weighs as much as all others together. */
const AnotherCurrency = lazyPart(() => import('./another-currency'), 'AnotherCurrency');

const FIRST = 'RUB';

/** Those of ISO 4217 that a browser knows, and Telegram Stars. */
const currencies = ['XTR', ...Intl.supportedValuesOf('currency')];

/** What was filled in, by currency. */
export const pricesIn = (values: FormValues, name: string): PaymentsPrices =>
  Object.fromEntries(
    values.list(`${name} currencies`).map((currency) => [currency, values.money(`${name}.${currency}`, currency) ?? 0]),
  );

/** A price for each of some currencies. */
export function PriceFields({
  name,
  prices,
  isDisabled,
}: {
  name: string;
  prices: PaymentsPrices;
  isDisabled?: boolean;
}) {
  const t = useShopWords();
  const { locale } = useLanguage();
  const [shown, setShown] = useState(Object.keys(prices).length > 0 ? Object.keys(prices) : [FIRST]);
  const names = new Intl.DisplayNames(locale, { type: 'currency' });
  // Some languages write them small, and a label begins with a capital letter.
  const nameOf = (currency: string) =>
    currency === 'XTR'
      ? 'Telegram Stars'
      : (names.of(currency) ?? currency).replace(/^./u, (letter) => letter.toUpperCase());
  return (
    <div className="price-fields">
      {shown.map((currency) => (
        <div key={currency} className="price-field">
          <input type="hidden" name={`${name} currencies`} value={currency} />
          <MoneyField
            name={`${name}.${currency}`}
            label={nameOf(currency)}
            currency={currency}
            defaultMinor={prices[currency]}
            isDisabled={isDisabled}
            isRequired
          />
          {!isDisabled && shown.length > 1 && (
            <IconButton
              label={t.withoutCurrency(currency)}
              icon={<X />}
              onPress={() => setShown(shown.filter((one) => one !== currency))}
            />
          )}
        </div>
      ))}
      {!isDisabled && shown.length < 20 && (
        <Suspense>
          <AnotherCurrency
            onChoose={(currency) => setShown([...shown, currency])}
            choices={currencies
              .filter((currency) => !shown.includes(currency))
              .map((id) => ({ id, label: `${id} ${nameOf(id)}` }))}
          />
        </Suspense>
      )}
    </div>
  );
}
