import { auditActions, isOpen, resourceTypeOf, routes } from '@switchboard/contracts';
import { auditActionTexts } from '../apps/console/src/audit/audit-actions';
import { auditResourceTexts } from '../apps/console/src/audit/audit-resources';

/** What staff and keys change, and what they read that is sensitive; and what the gateway itself writes entries of. */
const audited = routes.filter(
  (route) =>
    route.audit ||
    ((route.method !== 'GET' || route.sensitive) &&
      !route.callers &&
      !isOpen(route) &&
      !route.permission.startsWith('me:')),
);

/** What features of the gateway write entries of besides. */
const written = [
  'api-key',
  'approval',
  'audit-export',
  'bot',
  'inbound-update',
  'passkey',
  'person',
  'restriction',
  'session',
  'staff',
];

describe('what the audit log tells of', () => {
  const known = new Set<string>([...audited.map(({ id }) => id), ...auditActions]);

  it.each(['en', 'ru'] as const)('has a name for people, in %s, and only what can happen has one', (language) => {
    const names: Record<string, string> = auditActionTexts[language];
    expect([...known].filter((action) => !names[action])).toEqual([]);
    expect(Object.keys(names).filter((action) => !known.has(action))).toEqual([]);
  });

  it.each(['en', 'ru'] as const)('is said with what it was done to, in %s', (language) => {
    const words: Record<string, string> = auditResourceTexts[language];
    const types = new Set([...audited.map(resourceTypeOf), ...written]);
    expect([...types].filter((type) => !words[type]).sort()).toEqual([]);
    expect(Object.keys(words).filter((type) => !types.has(type))).toEqual([]);
  });

  it('is named in one style, by service, area and act', () => {
    expect([...known].filter((action) => !/^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*){2}$/.test(action))).toEqual([]);
  });
});
