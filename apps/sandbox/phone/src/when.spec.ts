import { dayName, lasting, shortDate } from './when';

const at = (...parts: [number, number, number, number, number]) => new Date(...parts).getTime();
const now = at(2026, 5, 10, 15, 0);
const seconds = (ms: number) => ms / 1000;
const t = ((key: string) => key) as never;

describe('dates as the phone says them', () => {
  it('a chat of today shows the time, of this week the weekday, of longer ago the date', () => {
    expect(shortDate('en', seconds(at(2026, 5, 10, 9, 5)), now)).toBe('09:05');
    expect(shortDate('en', seconds(at(2026, 5, 8, 9, 5)), now)).toBe('Mon');
    expect(shortDate('ru', seconds(at(2026, 4, 1, 9, 5)), now)).toBe('01.05.26');
  });

  it('a minute before midnight is yesterday', () => {
    expect(dayName(t, 'en', seconds(at(2026, 5, 9, 23, 59)), now)).toBe('chat.yesterday');
    expect(dayName(t, 'en', seconds(at(2026, 5, 10, 0, 0)), now)).toBe('chat.today');
  });

  it('the year is said only when it is another', () => {
    expect(dayName(t, 'en', seconds(at(2026, 0, 2, 12, 0)), now)).toBe('January 2');
    expect(dayName(t, 'en', seconds(at(2025, 0, 2, 12, 0)), now)).toBe('January 2, 2025');
  });

  it('a length is minutes and seconds', () => {
    expect([0, 9.6, 61, 600].map(lasting)).toEqual(['0:00', '0:10', '1:01', '10:00']);
  });
});
