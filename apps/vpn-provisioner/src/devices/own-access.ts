import type { EntityManager } from 'typeorm';
import { Access } from '../accesses/access.entity';
import { AccessNotFound } from '../accesses/accesses.service';

/** The access of whoever asks. @throws AccessNotFound also when it is another person's */
export async function ownAccess(tx: EntityManager, userId: string, accessId: string): Promise<Access> {
  const access = await tx.findOneBy(Access, { id: accessId, userId });
  if (!access) throw new AccessNotFound();
  return access;
}
