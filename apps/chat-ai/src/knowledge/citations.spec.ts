import { withSources } from './citations';

const passages = [
  { id: 'a', title: 'Delivery', heading: 'Within the city', text: '' },
  { id: 'b', title: 'Returns', heading: '', text: '' },
];

describe('sources below an answer', () => {
  it.each([
    ['It costs 5 € [1].', 'It costs 5 € [1].\n\n*Sources: [1] Delivery › Within the city*'],
    ['Both [2][1], again [1].', 'Both [2][1], again [1].\n\n*Sources: [1] Delivery › Within the city; [2] Returns*'],
    ['Both [1, 2].', 'Both [1, 2].\n\n*Sources: [1] Delivery › Within the city; [2] Returns*'],
  ])('%s', (answer, expected) => expect(withSources(answer, passages, 'en')).toBe(expected));

  it.each([
    'Nothing cited.',
    'A number that is not there [7].',
    'Take `list[1]` or list[1].',
    '```\n[1]\n```',
    'A [1](https://example.org) link.',
  ])('none for: %s', (answer) => expect(withSources(answer, passages, 'ru')).toBe(answer));

  it('are named in the language of the answer', () => {
    expect(withSources('Да [2].', passages, 'ru')).toBe('Да [2].\n\n*Источники: [2] Returns*');
    expect(withSources('Yes [2].', passages, 'ru')).toBe('Yes [2].\n\n*Sources: [2] Returns*');
    expect(withSources('14 € [2].', passages, 'ru')).toBe('14 € [2].\n\n*Источники: [2] Returns*');
    expect(withSources('Да [2].', passages, 'en')).toBe('Да [2].\n\n*Источники: [2] Returns*');
  });
});
