import { relevantPassages } from './condensed-turn';

const said = (role: 'user' | 'assistant', text: string) => ({
  ...{ id: text, role, userId: 'anna', text, tokens: 1, group: text, summarised: false },
});
/** Best first, as they are found. */
const passages = (coverage: readonly number[]) =>
  coverage.map((one, i) => ({
    ...{ id: `${i}`, title: 'Shop', heading: `Part ${i}`, text: '', source: 'shop.md', suspicious: false, tokens: 10 },
    coverage: one,
  }));
const headings = (coverage: readonly number[], question: string, history: ReturnType<typeof said>[] = []) =>
  relevantPassages(passages(coverage), { question: [said('user', question)], history }).map(({ heading }) => heading);
const many = (best: number) => [best, ...Array.from({ length: 29 }, () => 0)];

describe('the passages that go along with a question', () => {
  it('are few where one speaks of everything that is asked', () => {
    expect(headings(many(1), 'How much is delivery?')).toEqual(['Part 0', 'Part 1', 'Part 2', 'Part 3', 'Part 4']);
  });

  it('are all where it speaks of a part of it only', () => {
    expect(headings(many(0.4), 'How much is delivery?')).toHaveLength(30);
  });

  it('are all where words find nothing: the model is the better judge', () => {
    expect(headings(many(0), 'Do you gift-wrap?')).toHaveLength(30);
    expect(headings(many(0), 'подскажите насчёт упаковки')).toHaveLength(30);
  });

  it('are next to none for what asks nothing, but those that the last answers cited', () => {
    const history = [said('assistant', 'It is 300 [7].\n\n*Sources: [7] Shop › Part 20*'), said('user', 'I see')];
    expect(headings(many(0), 'Thank you', history)).toEqual([
      'Part 0',
      'Part 1',
      'Part 2',
      'Part 3',
      'Part 4',
      'Part 20',
    ]);
  });

  it('are none of a file that there is in the language of the person as well', () => {
    const both = passages(many(0)).map((one, i) => ({ ...one, source: i % 2 === 0 ? 'shop.ru.md' : 'shop.en.md' }));
    const asked = (text: string) => relevantPassages(both, { question: [said('user', text)], history: [] });
    expect(new Set(asked('Do you gift-wrap?').map(({ source }) => source))).toEqual(new Set(['shop.en.md']));
    expect(new Set(asked('Подарки упаковываете?').map(({ source }) => source))).toEqual(new Set(['shop.ru.md']));
  });

  it('of a small base all go along', () => {
    expect(headings([1, 0, 0, 0, 0], 'How much is delivery?')).toHaveLength(5);
  });
});
