import { problems, problemTexts, routes, sharedProblems } from './index';

const CYRILLIC = /[а-яё]/i;
const named = new Set(routes.flatMap((route) => Object.keys(route.problems ?? {})));

describe('the problems', () => {
  it('that a route names have one status each', () => {
    const statuses = Map.groupBy(
      routes.flatMap((route) => Object.entries(route.problems ?? {})),
      ([code]) => code,
    );
    const differing = [...statuses].filter(([, all]) => new Set(all.map(([, status]) => status)).size > 1);
    expect(differing.map(([code]) => code)).toEqual([]);
  });

  it('have a text in <service>.problems.ts, unless something is not there', () => {
    const untold = [...named].filter((code) => !(code in problemTexts) && !code.endsWith('_not_found'));
    expect(untold).toEqual([]);
  });

  it('have no text that no route needs', () => {
    expect(Object.keys(problemTexts).filter((code) => !named.has(code))).toEqual([]);
  });

  it('say in both languages what they mean and what to do', () => {
    const texts = [...problems.values()].flatMap(({ code, means, todo }) => [
      [code, means.en, means.ru] as const,
      [code, todo.en, todo.ru] as const,
    ]);
    const wrong = texts.filter(([, en, ru]) => CYRILLIC.test(en) || !CYRILLIC.test(ru) || !en.endsWith('.'));
    expect(wrong).toEqual([]);
    expect(problems.size).toBe(named.size + Object.keys(sharedProblems).length);
  });
});
