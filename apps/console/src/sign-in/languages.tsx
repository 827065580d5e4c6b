import { languages, useKitTexts, useLanguage } from '@switchboard/ui';
import './sign-in.css';

const names = { en: 'English', ru: 'Русский' };

/** For pages without the menu of an account. */
export function Languages() {
  const kit = useKitTexts();
  const { language, choose } = useLanguage();
  return (
    <div role="group" aria-label={kit.language} className="sign-in-languages">
      {languages.map((id) => (
        <button key={id} type="button" lang={id} aria-pressed={id === language} onClick={() => choose(id)}>
          {names[id]}
        </button>
      ))}
    </div>
  );
}
