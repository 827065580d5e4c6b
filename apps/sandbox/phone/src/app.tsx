import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Person } from '../../src/phone/phone.api';
import * as api from './api';
import { PeopleList } from './people-list';
import { Phone } from './phone';
import { useRoute } from './route';
import { StatusBar } from './status-bar';

export function App() {
  const { t } = useTranslation();
  const route = useRoute();
  const [people, setPeople] = useState<Person[]>();
  const [unreachable, setUnreachable] = useState(false);

  const load = useCallback(() => {
    setUnreachable(false);
    api.people().then(setPeople, () => setUnreachable(true));
  }, []);
  useEffect(load, [load]);

  if (unreachable) return <Unreachable onRetry={load} />;
  if (!people) return <span className="spinner centered" />;

  const person = people.find(({ id }) => id === route.person);
  const replace = (changed: Person) => setPeople(people.map((p) => (p.id === changed.id ? changed : p)));
  return (
    <div className={person ? 'desk with-person' : 'desk'}>
      <PeopleList people={people} current={person?.id} />
      <main className="phone">
        <div className="phone-glass">
          <StatusBar />
          {person ? (
            <Phone key={person.id} person={person} chatId={route.chat} onPerson={replace} />
          ) : (
            <div className="empty screen">
              <span className="empty-sign" aria-hidden="true" />
              <h2>{t('people.pick')}</h2>
              <p>{t('people.pickHint')}</p>
            </div>
          )}
        </div>
      </main>
    </div>
  );
}

function Unreachable({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="empty unreachable" role="alert">
      <span className="empty-sign" aria-hidden="true" />
      <h2>{t('app.unreachable')}</h2>
      <button type="button" className="wide-button" onClick={onRetry}>
        {t('app.tryAgain')}
      </button>
    </div>
  );
}
