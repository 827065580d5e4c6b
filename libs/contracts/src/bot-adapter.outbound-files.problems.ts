import type { ProblemText } from './problem-text';

/** Spread into bot-adapter.problems.ts with the routes of bot-adapter.outbound-files.api.ts. */
export const outboundFileProblems: Readonly<Record<string, ProblemText>> = {
  'bot-adapter.file_empty': {
    en: 'The file is empty.',
    ru: 'Файл пуст.',
    todo: { en: 'Choose another one.', ru: 'Выберите другой файл.' },
  },
  'bot-adapter.file_not_sendable': {
    en: 'The channel of this chat takes no such file, or it is not what its name says.',
    ru: 'Канал этого чата не принимает такой файл, или это не то, о чём говорит его имя.',
    todo: {
      en: '`params.accepts` and `params.maxBytes` are what it takes.',
      ru: 'Что он принимает, сказано в `params.accepts` и `params.maxBytes`.',
    },
  },
};
