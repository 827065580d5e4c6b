import { defineTexts } from '@switchboard/ui';

export const useKeptRowTexts = defineTexts({
  en: {
    changedElsewhere: 'This was changed meanwhile. What you see here is not saved: copy what you want to keep.',
    showTheirs: 'Show what is saved',
  },
  ru: {
    changedElsewhere: 'Тем временем это изменили. То, что здесь, не сохранено: скопируйте нужное.',
    showTheirs: 'Показать сохранённое',
  },
});
