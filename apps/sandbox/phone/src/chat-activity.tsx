import { useTranslation } from 'react-i18next';
import { usePhoneContext } from './phone-context';
import { useExpiring } from './use-expiring';

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
