import type { ProblemText } from './problem-text';

/** Spread into bot-adapter.problems.ts with the routes of bot-adapter.widget.api.ts. */
export const widgetProblems: Readonly<Record<string, ProblemText>> = {
  'bot-adapter.origin_not_allowed': {
    en: 'The chat of this bot is not meant for this page.',
    ru: 'Чат этого бота не предназначен для этой страницы.',
    todo: {
      en: 'Add the origin of the page to `channel.origins` of the bot.',
      ru: 'Добавьте источник страницы в `channel.origins` бота.',
    },
  },
  'bot-adapter.proof_needed': {
    en: 'Many chats are begun just now: a proof of work is needed.',
    ru: 'Сейчас начинают слишком много чатов: нужно доказательство работы.',
    todo: { en: 'Solve a challenge and send it along.', ru: 'Решите задачу и пришлите решение.' },
  },
  'bot-adapter.widget_file_refused': {
    en: 'The file is empty, or not of the type that its name says.',
    ru: 'Файл пуст или не того типа, о котором говорит его имя.',
    todo: { en: 'Send another one.', ru: 'Отправьте другой файл.' },
  },
  'bot-adapter.widget_session_over': {
    en: 'The chat has ended, or was begun on another page.',
    ru: 'Чат завершён или начат на другой странице.',
    todo: { en: 'Begin a new one.', ru: 'Начните новый.' },
  },
};
