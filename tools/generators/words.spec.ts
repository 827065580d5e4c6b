import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addWords } from './words.mts';

const ACTIONS = 'apps/console/src/audit/audit-actions.ts';
const PERMISSIONS = 'apps/console/src/staff-names/permission-names.ts';

describe('the words of a new feature', () => {
  const texts = new Map<string, string>();
  const read = (path: string) => texts.get(path) ?? readFileSync(join(__dirname, '../..', path), 'utf8');
  const changes = {
    edit: (path: string, change: (text: string) => string) => void texts.set(path, change(read(path))),
  };
  const feature = { service: 'analytics', plural: 'known-faults', singular: 'known-fault' };
  const options = { byEvent: false, personal: false, createdAt: 0 };
  beforeAll(() => addWords(changes, { ...feature, ...options }));

  it('stand in both languages where the names of what there is stand in their order', () => {
    const actions = read(ACTIONS);
    for (const text of ["'analytics.known-faults.open': 'Known fault opened'", "'Открыто: Known fault'"])
      expect(actions.split(text)).toHaveLength(2);
    for (const source of [actions, read(PERMISSIONS)]) {
      for (const language of source.split(/^ {2}ru: /m)) {
        const names = [...language.matchAll(/'([a-z-]+[.:][a-z.-]+)': /g)].map(([, name]) => name!);
        expect(names).toEqual([...names].sort());
      }
    }
  });

  it('are added once', () => {
    const before = read(PERMISSIONS);
    addWords(changes, { ...feature, ...options });
    expect(read(PERMISSIONS)).toBe(before);
  });
});
