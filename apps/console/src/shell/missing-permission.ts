import type { StaticDataRouteOption } from '@tanstack/react-router';
import type { Staff } from '../session';

/** The right that this member of staff would need for a page, as `routes.tsx` says; `undefined` when they may see it. */
export function missingPermission(staff: Staff, { permission = [] }: StaticDataRouteOption): string | undefined {
  const any = [permission].flat();
  return any.some((one) => staff.can(one)) ? undefined : any[0];
}
