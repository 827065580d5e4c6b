import { OpeningHours } from '@switchboard/contracts';
import { timeSentences } from './opening-hours';

const hours = (given: object) => OpeningHours.parse(given);
const shop = hours({
  mon: ['09:00-13:00', '14:00-19:00'],
  fri: ['20:00-24:00'],
  sat: ['00:00-02:00', '10:00-16:00'],
  exceptions: { '2026-12-25': [], '2026-11-29': ['12:00-15:00'] },
});
/** Berlin is an hour ahead of UTC in November. */
const at = (utc: string, of = shop) => timeSentences(new Date(utc), 'Europe/Berlin', of);
const stateAt = (utc: string, of = shop) => at(utc, of).at(-1);

describe('what a model is told of the time', () => {
  it('the time is that of the bot, to the quarter of an hour', () => {
    expect(at('2026-11-28T13:44:59Z')[0]).toBe('It is Saturday, 2026-11-28, about 14:30 (Europe/Berlin).');
    expect(timeSentences(new Date('2026-11-28T23:59:00Z'), 'Asia/Tokyo', undefined)).toEqual([
      'It is Sunday, 2026-11-29, about 08:45 (Asia/Tokyo).',
    ]);
  });

  it('all hours of a week are told, and the single days ahead that differ', () => {
    const sentences = at('2026-11-28T09:00:00Z');
    expect(sentences[1]).toBe(
      'Opening hours: Monday 09:00-13:00 and 14:00-19:00; Tuesday closed; Wednesday closed; Thursday closed; ' +
        'Friday 20:00-24:00; Saturday 00:00-02:00 and 10:00-16:00; Sunday closed.',
    );
    expect(sentences[2]).toBe(
      'Other hours on single days: Sunday, 2026-11-29: 12:00-15:00; Friday, 2026-12-25: closed.',
    );
  });

  it.each([
    ['Saturday noon', '2026-11-28T11:00:00Z', 'open until 16:00'],
    ['the minute it closes', '2026-11-28T15:00:00Z', 'closed, and opens on Sunday, 2026-11-29 at 12:00'],
    ['a Sunday that differs', '2026-11-29T11:30:00Z', 'open until 15:00'],
    ['lunch on Monday', '2026-11-30T12:30:00Z', 'closed, and opens today at 14:00'],
    ['over midnight', '2026-11-27T21:00:00Z', 'open until 02:00 on Saturday, 2026-11-28'],
    ['Christmas', '2026-12-25T19:30:00Z', 'closed, and opens on Saturday, 2026-12-26 at 00:00'],
  ])('%s', (_, utc, state) => {
    expect(stateAt(utc)).toBe(`At this moment it is ${state}.`);
  });

  it('never open, and always', () => {
    const always = Object.fromEntries(
      ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, ['00:00-24:00']]),
    );
    expect(stateAt('2026-11-28T11:00:00Z', hours({}))).toBe('At this moment it is closed.');
    expect(stateAt('2026-11-28T11:00:00Z', hours(always))).toBe('At this moment it is open around the clock.');
  });
});
