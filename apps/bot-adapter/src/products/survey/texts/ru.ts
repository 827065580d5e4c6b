import type { Texts } from './en';

/** What the survey says in Russian. */
export const texts: Texts = {
  question: 'Насколько вероятно, что вы посоветуете {{bot}} другу? 0 — ни за что, 10 — обязательно.',
  rarely: 'Этот вопрос задаётся не чаще раза в три месяца.',
  thanks: 'Спасибо! Ваша оценка — {{score}} из 10.',
  csat: {
    question: 'Довольны ли вы тем, как вам помогли? 1 — совсем нет, 5 — очень.',
    thanks: 'Спасибо! Ваша оценка — {{score}} из 5.',
  },
  commands: {
    feedback: 'Оценить меня',
  },
};
