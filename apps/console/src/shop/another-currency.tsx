import { ComboBox, useKitTexts } from '@switchboard/ui';
import { useShopWords } from './shop.texts';

export function AnotherCurrency({
  choices,
  onChoose,
}: {
  choices: readonly { id: string; label: string }[];
  onChoose: (currency: string) => void;
}) {
  const t = useShopWords();
  const kit = useKitTexts();
  return (
    <ComboBox label={t.anotherCurrency} placeholder={kit.choose} value={null} onChange={onChoose} choices={choices} />
  );
}
