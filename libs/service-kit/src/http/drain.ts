import type { IncomingMessage } from 'node:http';

/** nginx calls it lingering_time. */
const WITHIN_MS = 10_000;

/**
 * Reads on what is left of a body that nobody wants: who still sends it would otherwise meet a closed connection before it has read
 * the answer. What has not ended after 10 s ends with its connection.
 */
export function drain(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.unpipe();
  request.resume();
  // Node tells of no connection that ends after the answer: then there is nothing left to end.
  const limit = setTimeout(() => request.socket.destroy(), WITHIN_MS).unref();
  request.once('close', () => clearTimeout(limit));
}
