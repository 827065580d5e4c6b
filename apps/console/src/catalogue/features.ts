import type { PaymentsFeatures } from '@switchboard/api-client';
import { useFormats } from '@switchboard/ui';
import { GIGABYTE, knownFeatures } from '../shop/known-features';
import { useCatalogueTexts } from './catalogue.texts';

export type FeatureValue = NonNullable<PaymentsFeatures[string]> | null;

// A word begins in lower case within a line; units of amounts stay as they are.
const withinLine = (words: string, value: FeatureValue) =>
  typeof value === 'number' ? words : words.toLocaleLowerCase();

/** What a feature is called, and how much of it there is. */
export function useFeatureWords() {
  const t = useCatalogueTexts();
  const formats = useFormats();
  const names: Readonly<Record<string, string>> = t.featureNames;
  const nameOf = (feature: string): string => names[feature] ?? feature;
  const amountOf = (feature: string, value: FeatureValue): string => {
    if (value === null) return t.hows.unlimited;
    if (typeof value === 'boolean') return value ? t.hows.yes : t.hows.no;
    if (knownFeatures[feature] === GIGABYTE) return formats.traffic(value);
    return feature === 'chat.micros-per-day' ? formats.cost(value) : formats.number(value);
  };
  return {
    nameOf,
    amountOf,
    /** All of them in a line. */
    summaryOf: (features: PaymentsFeatures): string =>
      Object.entries(features)
        .map(([feature, value = null]) => `${nameOf(feature)}: ${withinLine(amountOf(feature, value), value)}`)
        .join(' · '),
  };
}
