import type { ProblemText } from './problem-text';

/** Spread into bot-adapter.problems.ts with the routes of bot-adapter.templates.api.ts. */
export const templateProblems: Readonly<Record<string, ProblemText>> = {
  'bot-adapter.template_exists': {
    en: 'There is a template of this name in this language.',
    ru: 'Шаблон с таким именем на этом языке уже есть.',
    todo: { en: 'Choose another name.', ru: 'Выберите другое имя.' },
  },
  'bot-adapter.template_refused': {
    en: 'The channel does not take this template.',
    ru: 'Канал не принимает этот шаблон.',
    todo: { en: '`params.reason` is what it says.', ru: 'Причина, названная каналом, — в `params.reason`.' },
  },
  'bot-adapter.template_state_refused': {
    en: 'In the state in which the template is, this cannot be done.',
    ru: 'В нынешнем состоянии шаблона это сделать нельзя.',
    todo: {
      en: 'Draft another one: what was submitted keeps its text.',
      ru: 'Создайте другой: текст отправленного на проверку шаблона не меняется.',
    },
  },
  'bot-adapter.templates_not_offered': {
    en: 'The channel of this bot knows no templates.',
    ru: 'В канале этого бота нет шаблонов.',
  },
};
