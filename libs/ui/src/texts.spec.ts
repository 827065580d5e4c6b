import { counted } from './texts';

describe('a number with its noun', () => {
  it.each([
    [1, '1 день', '1 day'],
    [3, '3 дня', '3 days'],
    [11, '11 дней', '11 days'],
    [21, '21 день', '21 days'],
    [30, '30 дней', '30 days'],
  ])('is counted as each language does: %i', (days, ru, en) => {
    expect(counted.ru(days, 'день', 'дня', 'дней')).toBe(ru.replace(' ', '\u00a0'));
    expect(counted.en(days, 'day', 'days')).toBe(en.replace(' ', '\u00a0'));
  });
});
