import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { remembered } from './remembered';
import { en } from './texts.en';
import { ru } from './texts.ru';

export const languages = ['en', 'ru'] as const;
type Language = (typeof languages)[number];

const chosen = remembered('phone.language', languages);
const ofBrowser: Language = navigator.language.startsWith('ru') ? 'ru' : 'en';

void i18next.use(initReactI18next).init({
  lng: chosen.read() ?? ofBrowser,
  fallbackLng: 'en',
  resources: { en: { translation: en }, ru: { translation: ru } },
  // Keys are flat: a dot is part of the name.
  keySeparator: false,
  // React escapes by itself.
  interpolation: { escapeValue: false },
});
document.documentElement.lang = i18next.language;

export function speak(language: Language): void {
  chosen.write(language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}
