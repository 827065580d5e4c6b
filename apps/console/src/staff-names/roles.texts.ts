import { defineTexts } from '@switchboard/ui';

/** Roles that come with the platform have names here; others are called as their makers called them. */
const named = (names: Readonly<Record<string, string>>) => (ids: readonly string[]) =>
  ids.map((id) => names[id] ?? id).join(', ');

export const useRoleTexts = defineTexts({
  en: {
    rolesOf: named({
      owner: 'Owner',
      admin: 'Administrator',
      support: 'Support',
      moderator: 'Moderator',
      economist: 'Economist',
      analyst: 'Analyst',
      editor: 'Content editor',
      developer: 'Developer',
      auditor: 'Auditor',
    }),
  },
  ru: {
    rolesOf: named({
      owner: 'Владелец',
      admin: 'Администратор',
      support: 'Поддержка',
      moderator: 'Модератор',
      economist: 'Экономист',
      analyst: 'Аналитик',
      editor: 'Редактор',
      developer: 'Разработчик',
      auditor: 'Аудитор',
    }),
  },
});
