import { defineTexts } from '@switchboard/ui';
import { permissionNames } from './permission-names';

const usePermissionTexts = defineTexts(permissionNames);

/** Also for what is of a newer gateway, by its own name. */
export function usePermissionName(): (permission: string) => string {
  const t: Readonly<Record<string, string>> = usePermissionTexts();
  return (permission) => t[permission] ?? permission;
}

/** All that there is to allow. */
export const permissions: readonly string[] = Object.keys(permissionNames.en);

/** Whether a scope is about anything that there is: roles have rights as well for products that are not installed. */
export function isAboutSomething(scope: string): boolean {
  const [resource, action] = scope.replace(/^!/, '').split(':');
  if (resource === '*') return true;
  return permissions.some((one) => (action === '*' ? one.startsWith(`${resource}:`) : one === `${resource}:${action}`));
}
