import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePhoneContext } from './phone-context';

/** Telegram's clients show a chat action for five seconds. */
const actionMs = 5_000;

/** "typing…" and its like, or nothing. */
export function useActivity(chatId: number): string | undefined {
  const { t, i18n } = useTranslation();
  const { state } = usePhoneContext();
  const reported = useExpiring(state.actions[chatId], actionMs);
  const action = state.drafts[chatId] ? 'typing' : reported?.action;
  if (!action) return undefined;
  const key = `action.${action}`;
  return t(i18n.exists(key) ? key : 'action.typing');
}

/** The value, until `ms` after it last changed; a new object counts as a change, so a repeated report lasts anew. */
function useExpiring<T extends object>(value: T | undefined, ms: number): T | undefined {
  const [expired, setExpired] = useState<T>();
  useEffect(() => {
    if (!value) return;
    const timer = setTimeout(() => setExpired(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value === expired ? undefined : value;
}
