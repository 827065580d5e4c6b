import fc from 'fast-check';
import { allows } from './permissions';

const scope = fc.constantFrom('notes:read', 'notes:write', 'notes:*', 'users:read', '*');
const scopes = fc.array(
  fc.oneof(
    scope,
    scope.map((one) => `!${one}`),
  ),
  { maxLength: 5 },
);
const permission = fc.constantFrom('notes:read', 'notes:write', 'users:read', 'users:ban');

describe('scopes', () => {
  it.each<[string[], boolean]>([
    [[], false],
    [['notes:read'], true],
    [['notes:*'], true],
    [['*'], true],
    [['notes:write', 'note:*', 'notes'], false],
    [['*', '!notes:read'], false],
    [['notes:read', '!notes:*'], false],
    [['notes:read', '!users:read'], true],
  ])('%j allow notes:read: %s', (given, allowed) => {
    expect(allows(given, 'notes:read')).toBe(allowed);
  });

  it('never allow more when one forbids something', () => {
    fc.assert(
      fc.property(scopes, scope, permission, (given, forbidden, wanted) => {
        if (allows([...given, `!${forbidden}`], wanted)) expect(allows(given, wanted)).toBe(true);
      }),
    );
  });
});
