import type { ProblemText } from './problem-text';

export const connectionProblems: Readonly<Record<string, ProblemText>> = {
  'bot-adapter.account_in_use': {
    en: 'Another bot speaks for this account.',
    ru: 'От имени этого аккаунта уже говорит другой бот.',
    todo: {
      en: '`params.botId` names it, where you may see it. Disconnect it there first.',
      ru: 'Он назван в `params.botId`, если он вам виден. Сначала отключите аккаунт там.',
    },
  },
  'bot-adapter.attempt_expired': {
    en: 'Connecting took longer than ten minutes, or was never begun.',
    ru: 'Подключение заняло больше десяти минут или не было начато.',
    todo: { en: 'Begin again.', ru: 'Начните подключение заново.' },
  },
  'bot-adapter.attempt_not_yours': {
    en: 'Somebody else began to connect this account.',
    ru: 'Подключение этого аккаунта начал другой сотрудник.',
    todo: { en: 'Begin yourself, in one browser.', ru: 'Начните сами и закончите в том же браузере.' },
  },
  'bot-adapter.channel_unavailable': {
    en: 'The channel does not answer.',
    ru: 'Канал не отвечает.',
    todo: { en: 'Begin again in some minutes.', ru: 'Начните заново через несколько минут.' },
  },
  'bot-adapter.connection_not_found': {
    en: 'There is no such connected account.',
    ru: 'Такого подключённого аккаунта нет.',
  },
  'bot-adapter.connection_not_offered': {
    en: 'This installation cannot connect accounts of this channel, or the bot is one of another channel.',
    ru: 'Эта установка не подключает аккаунты такого канала, или бот относится к другому каналу.',
    todo: {
      en: 'Set the id and the secret of your app at the channel, and choose a bot of that channel.',
      ru: 'Задайте идентификатор и секрет своего приложения в канале и выберите бота этого канала.',
    },
  },
  'bot-adapter.exchange_refused': {
    en: 'The channel did not give access: it was declined, or the answer was used before.',
    ru: 'Канал не выдал доступ: в нём отказали, или ответ уже был использован.',
    todo: {
      en: 'Begin again, and allow everything that the page of the channel asks for.',
      ru: 'Начните заново и разрешите всё, о чём спрашивает страница канала.',
    },
  },
};
