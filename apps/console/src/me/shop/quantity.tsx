import { NumberField } from '@switchboard/ui';
import { useShopTexts } from './shop.texts';

const MOST = 100;

/** How often something is bought at once. */
export function Quantity({ value, onChange }: { value: number; onChange: (quantity: number) => void }) {
  const t = useShopTexts().checkout;
  return (
    <NumberField
      label={t.quantity}
      value={value}
      minValue={1}
      maxValue={MOST}
      onChange={(quantity) => onChange(Number.isNaN(quantity) ? 1 : quantity)}
    />
  );
}
