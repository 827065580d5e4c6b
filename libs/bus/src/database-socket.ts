import { Socket } from 'node:net';

/** Longer than `idle_in_transaction_session_timeout` (60 s): a lock that a frozen process holds is waited for to its end. */
const SILENCE_MS = 75_000;

/**
 * A socket for `pg` (its option `stream`) that gives up a database which says nothing. The network may forget a connection
 * without telling either end, and `pg` would wait for the answer to its query as long as the process lives. The connection ends
 * with ETIMEDOUT, so its pool replaces it and the inbox repeats its batch. Not for LISTEN, which is silent by nature.
 */
export function databaseSocket(silenceMs = SILENCE_MS): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMs, () => {
    const error = new Error(`the database was silent for ${silenceMs} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });
}
