import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { remembered } from './remembered';

export const languages = ['en', 'ru'] as const;
export type Language = (typeof languages)[number];

const chosen = remembered('switchboard.language', languages);
const ofBrowser = (): Language => (navigator.languages.some((tag) => tag.startsWith('ru')) ? 'ru' : 'en');

/** What a request asks answers in, also before React has rendered. */
export const currentLanguage = (): Language => chosen.read() ?? ofBrowser();

interface LanguageChoice {
  readonly language: Language;
  /** For `Intl`: with the region of the browser, because dates in English differ by it. */
  readonly locale: string;
  readonly choose: (language: Language) => void;
}

const LanguageContext = createContext<LanguageChoice | undefined>(undefined);

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(currentLanguage);
  const choice = useMemo<LanguageChoice>(
    () => ({
      language,
      locale: localeOf(language),
      choose: (next) => {
        chosen.write(next);
        setLanguage(next);
      },
    }),
    [language],
  );
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return (
    <LanguageContext value={choice}>
      <I18nProvider locale={choice.locale}>{children}</I18nProvider>
    </LanguageContext>
  );
}

export function useLanguage(): LanguageChoice {
  const choice = use(LanguageContext);
  if (!choice) throw new Error('There is no <LanguageProvider> around this part');
  return choice;
}

function localeOf(language: Language): string {
  const regional = navigator.languages.find((tag) => tag.startsWith(`${language}-`));
  return regional ?? (language === 'ru' ? 'ru-RU' : 'en-GB');
}
