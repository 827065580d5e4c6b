import { useTranslation } from 'react-i18next';
import type { Person } from '../../src/phone/phone.api';
import { moveFocus } from './arrow-keys';
import { Avatar } from './avatar';
import { go } from './route';
import { Appearance } from './settings';

export function PeopleList({ people, current }: { people: Person[]; current?: number }) {
  const { t } = useTranslation();
  return (
    <aside className="people">
      <p className="wordmark">
        Switchboard <span className="sandbox-mark">{t('app.sandbox')}</span>
      </p>
      <h1>{t('people.title')}</h1>
      <p className="hint">{t('people.hint')}</p>
      {people.length === 0 ? (
        <div className="empty">
          <h2>{t('people.none')}</h2>
          <p>{t('people.noneHint')}</p>
        </div>
      ) : (
        <ul className="rows" onKeyDown={moveFocus}>
          {people.map((person) => (
            <li key={person.id}>
              <button
                type="button"
                className="person-row"
                data-testid={`person-${person.id}`}
                aria-current={person.id === current || undefined}
                onClick={() => go({ person: person.id })}
              >
                <Avatar name={[person.firstName, person.lastName].join(' ')} hue={person.hue} size={42} />
                <span className="person-row-text">
                  <span className="person-row-name">
                    {[person.firstName, person.lastName].filter(Boolean).join(' ')}
                  </span>
                  <span className="person-row-id">{person.username ? `@${person.username}` : person.id}</span>
                </span>
                <span className="person-row-language">{person.languageCode}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <footer>
        <Appearance />
        <p className="hint">{t('app.sandboxNote')}</p>
      </footer>
    </aside>
  );
}
