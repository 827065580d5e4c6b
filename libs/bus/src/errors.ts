/** "Never": the event goes to the dead letters at once, without further tries. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/** "Not yet": the event is tried again after the given time, and this does not count as a failed attempt. */
export class RetryLater extends Error {
  override readonly name: string = 'RetryLater';

  /** @param seconds how long to wait before the next try; a twentieth of one at least */
  constructor(
    readonly seconds: number,
    message = `to be tried again in ${seconds} s`,
  ) {
    super(message);
    if (!(seconds >= 0 && seconds < Infinity)) throw new RangeError(`RetryLater takes seconds, not ${seconds}`);
  }
}

/**
 * A value is encrypted with a key that is not configured here, as while keys are rotated and not every process has the new
 * one yet. An event waits for the key, as long as for any other "not yet"; then it is a dead letter that can be replayed.
 */
export class EncryptionKeyMissing extends RetryLater {
  override readonly name = 'EncryptionKeyMissing';

  constructor(readonly keyId: string) {
    super(KEY_WAIT_SECONDS, `the key "${keyId}" is not in ENCRYPTION_KEYS`);
  }
}

/** Long enough that many waiting events do not keep the database busy. */
const KEY_WAIT_SECONDS = 30;

/** What came is no event that this service knows how to read. */
export class UnreadableEvent extends PermanentError {}

/** No handler of this process hears the event; a newer or older version of the service beside it may. */
export class NotHeardHere extends Error {
  override readonly name = 'NotHeardHere';

  constructor(type: string) {
    super(`nobody here hears ${type}`);
  }
}

const INFRASTRUCTURE_SQLSTATES = [
  /^08/, // connection exceptions
  /^28/, // the role cannot sign in: its password is being changed, and a process with the new one takes over
  /^53/, // insufficient resources: disk full, out of memory, too many connections
  /^57/, // operator intervention: shutdown, crash recovery, cancelled
  /^58/, // errors outside Postgres, such as I/O
  /^40/, // serialization failure, deadlock: the same work succeeds when repeated
  /^25P0[34]$/, // idle-in-transaction or transaction timeout: this process was frozen
  /^55P03$/, // lock not available
];
const SOCKET_ERRORS = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/;
// node-postgres reports a lost connection without a code.
const LOST_CONNECTION =
  /connection terminated|connection ended|timeout exceeded when trying to connect|not queryable|client was closed|driver not connected/i;

/**
 * True when the failure says nothing about the event: the database is away, restarting, full or chose us as the
 * victim of a deadlock. Such work is repeated where it stands and never counts as an attempt.
 */
export function isInfrastructureError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (driverError !== undefined && driverError !== error) return isInfrastructureError(driverError);
  if (typeof code === 'string') {
    if (SOCKET_ERRORS.test(code)) return true;
    if (code.length === 5 && INFRASTRUCTURE_SQLSTATES.some((state) => state.test(code))) return true;
  }
  return LOST_CONNECTION.test(error.message);
}
