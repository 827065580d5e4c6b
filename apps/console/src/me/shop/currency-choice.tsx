import { RadioGroup } from '@switchboard/ui';
import { useShopTexts } from './shop.texts';

/** In which money something is paid. */
export function CurrencyChoice({
  currencies,
  value,
  onChange,
}: {
  currencies: readonly string[];
  value: string;
  onChange: (currency: string) => void;
}) {
  const t = useShopTexts();
  return (
    <RadioGroup
      label={t.checkout.currency}
      orientation="horizontal"
      value={value}
      onChange={onChange}
      choices={currencies.map((id) => ({ id, label: id === 'XTR' ? t.methods.stars : id }))}
    />
  );
}
