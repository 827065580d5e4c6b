import type { LocalizedText } from '@switchboard/contracts';

const names = {
  en: new Intl.DisplayNames('en', { type: 'region' }),
  ru: new Intl.DisplayNames('ru', { type: 'region' }),
};

/** `us-east` → "United States, east" */
export function regionName(region: string): LocalizedText {
  const [country = '', ...place] = region.split('-');
  const inLanguage = (language: 'en' | 'ru') =>
    [names[language].of(country.toUpperCase()) ?? country, ...(place.length > 0 ? [place.join(' ')] : [])].join(', ');
  return { en: inLanguage('en'), ru: inLanguage('ru') };
}
