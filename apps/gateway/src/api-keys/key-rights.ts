import { allows, type Permission } from '@switchboard/contracts';

/** Scopes for all bots, or for one. */
interface Grant {
  readonly scopes: readonly string[];
  readonly botId: string | null;
}

interface Key {
  readonly scopes: readonly string[];
  readonly bots: readonly string[] | null;
}

/**
 * What a key may do: what it was given, as far as whoever has made it may do that today. So it narrows when they lose a role, and widens
 * again when they get it back, but never beyond what it was given.
 */
export function rightsOfKey({ scopes, bots }: Key, maker: readonly Grant[]): Grant[] {
  const byBot = Map.groupBy(maker, ({ botId }) => botId);
  // What is forbidden for one bot is forbidden for all.
  const forbidden = maker.flatMap((grant) => grant.scopes.filter(isProhibition));
  const within = (botId: string | null) => {
    const theirs = byBot.get(botId)?.flatMap((grant) => grant.scopes);
    return theirs ? [...intersection(scopes, theirs), ...forbidden] : [];
  };
  const everywhere = within(null);
  if (bots) return bots.map((botId) => ({ botId, scopes: [...everywhere, ...within(botId)] }));
  return [
    { botId: null, scopes: everywhere },
    ...[...byBot.keys()].flatMap((botId) => (botId ? { botId, scopes: within(botId) } : [])),
  ];
}

/** The scopes that a key has not, or not for all its bots, because whoever has made it may not do that. */
export function lostScopes({ scopes, bots }: Key, maker: readonly Grant[]): string[] {
  const prohibitions = maker.flatMap((grant) => grant.scopes.filter(isProhibition));
  const scopesFor = (botId: string | null) =>
    maker.filter((grant) => grant.botId === null || grant.botId === botId).flatMap((grant) => grant.scopes);
  const isKept = (scope: string) =>
    (bots ?? [null]).every((botId) => mayGive([...scopesFor(botId), ...prohibitions], scope));
  return scopes.filter((scope) => !isProhibition(scope) && !isKept(scope));
}

/** What two lists both allow. Of two scopes that overlap one lies within the other. */
export function intersection(one: readonly string[], other: readonly string[]): string[] {
  const [allowed, allowedByOther] = [one, other].map((scopes) => scopes.filter((scope) => !isProhibition(scope)));
  const both = allowed!.flatMap((a) => allowedByOther!.flatMap((b) => (covers(a, b) ? b : covers(b, a) ? a : [])));
  return [...new Set([...both, ...[...one, ...other].filter(isProhibition)])];
}

/** Whether `scopes` allow all that a scope allows. */
export function mayGive(scopes: readonly string[], scope: string): boolean {
  if (scope === '*') return scopes.includes('*') && !scopes.some(isProhibition);
  if (!scope.endsWith(':*')) return allows(scopes, scope as Permission);
  const resource = scope.slice(0, -1);
  const forbids = scopes.some((own) => own.startsWith(`!${resource}`) || own === '!*');
  return !forbids && (scopes.includes(scope) || scopes.includes('*'));
}

const isProhibition = (scope: string) => scope.startsWith('!');

const covers = (wide: string, narrow: string) =>
  wide === narrow || wide === '*' || (wide.endsWith(':*') && narrow.startsWith(wide.slice(0, -1)));
