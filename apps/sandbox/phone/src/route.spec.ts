import { parseRoute, routeHash } from './route';

describe('the address of the phone', () => {
  it('names the person and the chat', () => {
    expect(parseRoute('#person=1001&chat=2001', '')).toEqual({ person: 1001, chat: 2001 });
  });

  it('reads a group by its negative id', () => {
    expect(parseRoute('#person=1001&chat=-100', '')).toEqual({ person: 1001, chat: -100 });
  });

  it('takes the start payload from the query or from the hash', () => {
    expect(parseRoute('#person=1&chat=2', '?start=ref_42').start).toBe('ref_42');
    expect(parseRoute('#person=1&chat=2&start=ref_42', '').start).toBe('ref_42');
    expect(parseRoute('#person=1&chat=2', '?start').start).toBe('');
  });

  it('ignores what is no number', () => {
    expect(parseRoute('#person=mallory&chat=2e3', '')).toEqual({});
  });

  it('what is written can be read again', () => {
    for (const route of [{}, { person: 5 }, { person: 5, chat: -7 }]) {
      expect(parseRoute(routeHash(route), '')).toEqual(route);
    }
  });
});
