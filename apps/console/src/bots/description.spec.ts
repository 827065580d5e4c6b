import { patchOf } from './description';

describe('the patch of a description', () => {
  it.each<[string, object, object, object]>([
    ['leaves out what is the same', { name: 'Lumen', languages: ['en'] }, { name: 'Lumen', languages: ['en'] }, {}],
    [
      'names what is new or other',
      { name: 'Lumen' },
      { name: 'Lux', timeZone: 'UTC' },
      { name: 'Lux', timeZone: 'UTC' },
    ],
    [
      'removes what was emptied',
      { assistant: { model: 'a', knowledge: 'b' } },
      { assistant: { model: 'a' } },
      { assistant: { knowledge: null } },
    ],
    ['replaces lists as a whole', { languages: ['en', 'ru'] }, { languages: ['ru'] }, { languages: ['ru'] }],
    ['removes a section', { hours: { mon: [] } }, {}, { hours: null }],
  ])('%s', (_, before, after, patch) => {
    expect(patchOf(before as Record<string, unknown>, after as Record<string, unknown>)).toEqual(patch);
  });
});
