import { auditActions, isOpen, routes } from '@switchboard/contracts';
import { auditActionTexts } from '../apps/console/src/audit/audit-actions';

/** What staff and keys change, and what they read that is sensitive; and what the gateway itself writes entries of. */
const audited = routes.filter(
  (route) =>
    route.audit ||
    ((route.method !== 'GET' || route.sensitive) &&
      !route.callers &&
      !isOpen(route) &&
      !route.permission.startsWith('me:')),
);

describe('what the audit log tells of', () => {
  const known = new Set<string>([...audited.map(({ id }) => id), ...auditActions]);

  it.each(['en', 'ru'] as const)('has a name for people, in %s, and only what can happen has one', (language) => {
    const names: Record<string, string> = auditActionTexts[language];
    expect([...known].filter((action) => !names[action])).toEqual([]);
    expect(Object.keys(names).filter((action) => !known.has(action))).toEqual([]);
  });

  it('is named in one style, by service, area and act', () => {
    expect([...known].filter((action) => !/^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*){2}$/.test(action))).toEqual([]);
  });
});
