import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from './when';

/** The top of the phone: the time, and the word that says this is not the real world. */
export function StatusBar() {
  const { t, i18n } = useTranslation();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className="status-bar">
      <time>{clock(i18n.language, now / 1000)}</time>
      <span className="sandbox-mark" title={t('app.sandboxNote')}>
        {t('app.sandbox')}
      </span>
      <svg width="54" height="14" viewBox="0 0 54 14" aria-hidden="true" fill="currentColor">
        <path d="M1 9h2.500v4H1zM5 7h2.500v6H5zM9 4.500h2.500V13H9zM13 2h2.500v11H13z" />
        <rect x="26.5" y="2.5" width="22" height="10" rx="3" fill="none" stroke="currentColor" />
        <rect x="28.5" y="4.5" width="15" height="6" rx="1.5" />
        <path d="M50 5.500v4a2 2 0 0 0 0-4z" />
      </svg>
    </div>
  );
}
