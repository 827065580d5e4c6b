import { defineTexts } from '@switchboard/ui';

export const useKeptRowTexts = defineTexts({
  en: {
    changedElsewhere: 'This was changed meanwhile. What you see here is not saved: copy what you want to keep.',
    showTheirs: 'Show what is saved',
    leaveTitle: 'Leave without saving?',
    leaveText: 'What you have changed here is not saved, and goes with the page.',
    leave: 'Leave it',
  },
  ru: {
    changedElsewhere: 'Тем временем это изменили. То, что здесь, не сохранено: скопируйте нужное.',
    showTheirs: 'Показать сохранённое',
    leaveTitle: 'Уйти без сохранения?',
    leaveText: 'Ваши изменения не сохранены и пропадут.',
    leave: 'Уйти',
  },
});
