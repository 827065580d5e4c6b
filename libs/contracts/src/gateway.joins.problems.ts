import type { ProblemText } from './problem-text';

/** Spread into gateway.problems.ts with the route of gateway.joins.api.ts. */
export const joinProblems: Readonly<Record<string, ProblemText>> = {
  'gateway.join_of_oneself': {
    en: 'These are one person already.',
    ru: 'Это уже один и тот же человек.',
  },
  'gateway.join_refused': {
    en: 'These two cannot be made one person.',
    ru: 'Этих двоих нельзя объединить.',
    todo: {
      en: '`params.reason` says why; end what stands in the way first.',
      ru: 'Причина — в `params.reason`; сначала устраните то, что мешает.',
    },
  },
  'gateway.join_wrong_way_round': {
    en: 'The one who was known first stays.',
    ru: 'Остаётся тот, кого узнали раньше.',
    todo: { en: 'Exchange the two.', ru: 'Поменяйте их местами.' },
  },
};
