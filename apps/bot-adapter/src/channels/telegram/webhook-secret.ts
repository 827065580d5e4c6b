import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * What Telegram puts into each call of a bot's webhook. Derived from the token, which only Telegram and we know, so
 * there is nothing more to keep and it changes together with the token.
 */
export const webhookSecret = ({ id, token }: { id: string; token: string }) =>
  createHmac('sha256', token).update(`telegram webhook ${id}`).digest('base64url');

/** Takes the same time wherever the two differ. */
export function isSecret(given: string | undefined, expected: string): boolean {
  const [a, b] = [given ?? '', expected].map((text) => createHmac('sha256', 'comparison').update(text).digest());
  return timingSafeEqual(a!, b!);
}
