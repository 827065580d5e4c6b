import type { Actor } from '@switchboard/contracts';
import { HttpProblem } from '@switchboard/service-kit';
import { z } from 'zod';

const isStaffId = (id: string) => z.uuid().safeParse(id).success;

/** Who of the staff does something. A desk knows members of staff alone. @throws HttpProblem 403 */
export function staffIdOf({ kind, id }: Actor): string {
  if (kind !== 'staff' || !isStaffId(id)) throw new HttpProblem('forbidden');
  return id;
}

/** Null for a key or a service. */
export const staffIdIfAny = ({ kind, id }: Actor): string | null => (kind === 'staff' && isStaffId(id) ? id : null);
