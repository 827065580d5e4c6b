import { createHash } from 'node:crypto';

/** Whether a person is left out of an offer: of each offer others, and of one always the same. */
export function isHeldOut(offerId: string, userId: string, percent: number): boolean {
  const place = createHash('sha256').update(`${offerId} ${userId}`).digest().readUInt32BE(0) / 2 ** 32;
  return place * 100 < percent;
}
