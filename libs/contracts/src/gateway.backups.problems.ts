import type { ProblemText } from './problem-text';

export const backupProblems: Readonly<Record<string, ProblemText>> = {
  'gateway.backup_key_missing': {
    en: 'No key for backups is set, and none is written without one.',
    ru: 'Ключ резервных копий не задан, а без него копии не делаются.',
    todo: {
      en: 'Set `BACKUP_KEY`, and keep it elsewhere as well.',
      ru: 'Задайте `BACKUP_KEY` и сохраните его ещё где-нибудь.',
    },
  },
  'gateway.backup_not_complete': {
    en: 'The backup has failed, is not done yet, or is gone.',
    ru: 'Эта копия не удалась, ещё не готова или уже удалена.',
    todo: { en: 'Choose another one.', ru: 'Выберите другую.' },
  },
  'gateway.backup_running': {
    en: 'A backup or a trial is running.',
    ru: 'Резервное копирование или проверка уже идёт.',
    todo: { en: 'Wait until it is done.', ru: 'Дождитесь окончания.' },
  },
};
