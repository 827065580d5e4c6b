import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Sheet } from './sheet';

const toastMs = 4_000;

export interface Notice {
  text: string;
  /** An alert waits to be read; a toast goes by itself. */
  alert: boolean;
}

/** The last thing the phone has to say, and how to say the next one. */
export function useNotice() {
  const [notice, setNotice] = useState<Notice>();
  const dismiss = useCallback(() => setNotice(undefined), []);
  const toast = useCallback((text: string) => setNotice({ text, alert: false }), []);
  const alert = useCallback((text: string) => setNotice({ text, alert: true }), []);
  return { notice, toast, alert, dismiss };
}

export function NoticeView({ notice, dismiss }: { notice: Notice | undefined; dismiss: () => void }) {
  const { t } = useTranslation();
  useEffect(() => {
    if (!notice || notice.alert) return;
    const timer = setTimeout(dismiss, toastMs);
    return () => clearTimeout(timer);
  }, [notice, dismiss]);
  return (
    <>
      <div role="status" className="toast-place">
        {notice && !notice.alert && (
          <div className="toast" data-testid="toast">
            {notice.text}
          </div>
        )}
      </div>
      {notice?.alert && (
        <Sheet kind="alert" label={notice.text} onClose={dismiss}>
          <p className="alert-text" data-testid="alert">
            {notice.text}
          </p>
          <button type="button" className="wide-button" onClick={dismiss}>
            {t('app.ok')}
          </button>
        </Sheet>
      )}
    </>
  );
}
