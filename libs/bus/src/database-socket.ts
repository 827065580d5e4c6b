import { Socket } from 'node:net';

/** Longer than `idle_in_transaction_session_timeout` (60 s): a lock that a frozen process holds is waited for to its end. */
const SILENCE_MS = 75_000;

export interface DatabaseSocketOptions {
  readonly silenceMs?: number | undefined;
  /** Asked each time it has been silent for so long: whether the server still works on what it was asked. */
  isWorking?(): Promise<boolean>;
}

/**
 * A socket for `pg` (its option `stream`) that gives up a database which says nothing. The network may forget a connection
 * without telling either end, and `pg` would wait for the answer to its query as long as the process lives. The connection ends
 * with ETIMEDOUT, so its pool replaces it and the inbox repeats its batch. Postgres is silent during a long statement, too: whoever
 * has such statements says by `isWorking` whether this is one. Not for LISTEN, which is silent by nature.
 */
export function databaseSocket({ silenceMs = SILENCE_MS, isWorking }: DatabaseSocketOptions = {}): Socket {
  const socket = new Socket();
  socket.setTimeout(silenceMs);
  return socket.on('timeout', () => void afterSilence());

  async function afterSilence(): Promise<void> {
    const said = socket.bytesRead;
    if (await isWorking?.().catch(() => false)) return void socket.setTimeout(silenceMs);
    // It was about to answer while it was asked about.
    if (socket.bytesRead > said) return void socket.setTimeout(silenceMs);
    const error = new Error(`the database was silent for ${silenceMs} ms`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  }
}
