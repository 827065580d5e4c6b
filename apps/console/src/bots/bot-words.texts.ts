import { defineTexts } from '@switchboard/ui';

/** Of bots wherever they are named; what only their own pages say is in bots.texts.ts. */
export const useBotWords = defineTexts({
  en: {
    bot: 'Bot',
    allBots: 'All bots',
    noneText: 'A bot takes a token of its messenger and about two minutes. You can try one in the sandbox first.',
    none: 'No bots yet',
    states: { active: 'Active', paused: 'Paused', archived: 'Archived' },
  },
  ru: {
    bot: 'Бот',
    allBots: 'Все боты',
    noneText: 'Для бота нужны токен мессенджера и пара минут. Сначала можно попробовать в песочнице.',
    none: 'Ботов пока нет',
    states: { active: 'Работает', paused: 'На паузе', archived: 'В архиве' },
  },
});
