import type { Permission } from './define-route';

/**
 * Whether `scopes` allow something. A scope is `resource:action`, `resource:*` or `*`; with `!` in front it forbids, and what
 * is forbidden stays so whatever else allows it.
 */
export function allows(scopes: readonly string[], permission: Permission): boolean {
  const resource = permission.slice(0, permission.indexOf(':'));
  const covering = [permission, `${resource}:*`, '*'];
  if (covering.some((scope) => scopes.includes(`!${scope}`))) return false;
  return covering.some((scope) => scopes.includes(scope));
}

/** Services that people are known to by their channel: they may ask for them what is their own, as the gateway does for who signed in. */
export const ASKS_FOR_PERSONS: readonly string[] = ['bot-adapter', 'chat-ai'];

/** Of what is somebody's own, and needs nobody's leave. */
export const isOfOnesOwn = (permission: Permission | 'public' | 'webhook'): boolean => permission.startsWith('me:');
