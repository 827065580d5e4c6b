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
