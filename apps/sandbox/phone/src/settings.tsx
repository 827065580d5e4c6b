import { useTranslation } from 'react-i18next';
import type { Person } from '../../src/phone/phone.api';
import { Avatar } from './avatar';
import { languages, speak } from './i18n';
import { Icon } from './icons';
import { go } from './route';
import { Sheet } from './sheet';
import { themes, useTheme } from './theme';

/** Languages offered for the person's app; a person who has another keeps it in the list. */
const clientLanguages = ['en', 'ru', 'uk', 'kk', 'de', 'es', 'fr', 'pt-br', 'tr', 'ar', 'zh-hans'];
const nameOfLanguage = { en: 'English', ru: 'Русский' } as const;

export function Appearance() {
  const { t, i18n } = useTranslation();
  const [theme, setTheme] = useTheme();
  return (
    <div className="appearance">
      <div role="group" aria-label={t('settings.theme')} className="segments">
        {themes.map((choice) => (
          <button key={choice} type="button" aria-pressed={choice === theme} onClick={() => setTheme(choice)}>
            {t(`settings.theme.${choice}`)}
          </button>
        ))}
      </div>
      <div role="group" aria-label={t('settings.language')} className="segments">
        {languages.map((language) => (
          <button
            key={language}
            type="button"
            lang={language}
            data-testid={`language-${language}`}
            aria-pressed={language === i18n.language}
            onClick={() => speak(language)}
          >
            {nameOfLanguage[language]}
          </button>
        ))}
      </div>
    </div>
  );
}

export function SettingsSheet({
  person,
  onPerson,
  onClose,
}: {
  person: Person;
  onPerson: (languageCode: string) => Promise<void>;
  onClose: () => void;
}) {
  const { t, i18n } = useTranslation();
  const names = new Intl.DisplayNames(i18n.language, { type: 'language' });
  const offered = [...new Set([...clientLanguages, person.languageCode])];
  const name = [person.firstName, person.lastName].filter(Boolean).join(' ');
  return (
    <Sheet label={t('settings.title')} onClose={onClose}>
      <div className="settings-person">
        <Avatar name={name} hue={person.hue} size={64} />
        <div>
          <h2>{name}</h2>
          <p className="hint">{[person.username && `@${person.username}`, person.id].filter(Boolean).join(' · ')}</p>
        </div>
      </div>
      <label className="setting">
        {t('settings.clientLanguage')}
        <select
          className="field"
          data-testid="client-language"
          value={person.languageCode}
          onChange={(event) => void onPerson(event.target.value)}
        >
          {offered.map((code) => (
            <option key={code} value={code}>
              {names.of(code) ?? code}
            </option>
          ))}
        </select>
        <span className="hint">{t('settings.clientLanguageHint')}</span>
      </label>
      <Appearance />
      <ul className="menu">
        <li>
          <button type="button" className="menu-choice" onClick={() => go({})}>
            <Icon name="person" />
            {t('people.switch')}
          </button>
        </li>
      </ul>
      <p className="hint">{t('app.sandboxNote')}</p>
    </Sheet>
  );
}
