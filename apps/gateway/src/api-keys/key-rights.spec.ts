import { allows } from '@switchboard/contracts';
import fc from 'fast-check';
import { intersection, lostScopes, rightsOfKey } from './key-rights';

const scope = fc.constantFrom('notes:read', 'notes:write', 'notes:*', 'users:read', '*');
const scopes = fc.array(
  fc.oneof(
    scope,
    scope.map((one) => `!${one}`),
  ),
  { maxLength: 5 },
);
const permission = fc.constantFrom('notes:read', 'notes:write', 'users:read', 'users:ban');
const bot = fc.constantFrom('lumen', 'desk', 'books');
const grants = fc.array(fc.record({ scopes, botId: fc.option(bot) }), { maxLength: 4 });
const key = fc.record({ scopes, bots: fc.option(fc.uniqueArray(bot, { minLength: 1 })) });

/** As the edge decides for one bot. */
const allowed = (of: readonly { scopes: readonly string[]; botId: string | null }[], botId: string, wanted: never) => {
  const prohibitions = of.flatMap((grant) => grant.scopes.filter((one) => one.startsWith('!')));
  const ofBot = (id: string | null) => of.filter((grant) => grant.botId === id).flatMap((grant) => grant.scopes);
  return [null, botId].some((id) => allows([...ofBot(id), ...prohibitions], wanted));
};

describe('the rights of a key', () => {
  it('two lists of scopes allow together what each allows alone', () => {
    fc.assert(
      fc.property(scopes, scopes, permission, (one, other, wanted) => {
        expect(allows(intersection(one, other), wanted)).toBe(allows(one, wanted) && allows(other, wanted));
      }),
    );
  });

  it('are never more than it was given, nor more than its maker has', () => {
    fc.assert(
      fc.property(key, grants, bot, permission, (given, maker, botId, wanted) => {
        const rights = rightsOfKey(given, maker);
        const asGiven = (given.bots ?? [null]).map((id) => ({ botId: id, scopes: given.scopes }));
        const both = allowed(asGiven, botId, wanted as never) && allowed(maker, botId, wanted as never);
        expect(allowed(rights, botId, wanted as never)).toBe(both);
      }),
    );
  });

  it.each<[string, string[] | null, { scopes: string[]; botId: string | null }[], string[]]>([
    ['whose maker has everything', null, [{ scopes: ['*'], botId: null }], []],
    ['whose maker has lost a part', null, [{ scopes: ['notes:read'], botId: null }], ['notes:*']],
    ['whose maker is forbidden a part', null, [{ scopes: ['*', '!notes:write'], botId: null }], ['notes:*']],
    ['of a bot for which its maker has it', ['lumen'], [{ scopes: ['notes:*', 'users:read'], botId: 'lumen' }], []],
    ['of all bots, whose maker has it for one', null, [{ scopes: ['*'], botId: 'lumen' }], ['notes:*', 'users:read']],
    ['whose maker has left', null, [], ['notes:*', 'users:read']],
  ])('of a key %s are told as far as they are lost', (_of, bots, maker, lost) => {
    const remaining = lost.includes('users:read') ? [] : ['users:read'];
    const has = maker.map((grant) => ({ ...grant, scopes: [...grant.scopes, ...remaining] }));
    expect(lostScopes({ scopes: ['notes:*', 'users:read', '!notes:write'], bots }, has)).toEqual(lost);
  });
});
