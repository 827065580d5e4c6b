import { isOpen, type Permission } from './define-route';
import { allows } from './permissions';
import { routes } from './routes';

/** Of which no route says that it needs them: features ask for them besides what their routes need. */
const BESIDES_ROUTES: readonly Permission[] = ['keys:any-team', 'owners:write'];
/** Everybody has these for what is their own, and nobody else gets them. */
const OF_ONES_OWN = /^(me|account):/;

const asked = routes
  .filter((route) => !route.callers && !isOpen(route) && !OF_ONES_OWN.test(route.permission))
  .map(({ permission }) => permission as Permission);

/** What staff and keys can be given: whatever routes that are reached from outside ask for. In the order of their names. */
export const givablePermissions: readonly Permission[] = [...new Set([...asked, ...BESIDES_ROUTES])].sort();

/** Whether a scope, also one that forbids, is about anything that there is. */
export function isKnownScope(scope: string): boolean {
  const allowed = scope.replace(/^!/, '');
  return givablePermissions.some((permission) => allows([allowed], permission));
}
