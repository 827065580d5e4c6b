import type { CloudEvent } from '@switchboard/contracts';
import type { DataSource } from 'typeorm';
import { isInfrastructureError } from './errors';
import { type EventCipher, renewed } from './event-cipher';

const BATCH = 200;

/**
 * Encrypts the personal fields of parked events and dead letters with the current key where an older one has, so that the
 * older one can be taken away. One that cannot be decrypted stays as it is and is counted.
 */
export async function renewParked(
  db: DataSource,
  cipher: EventCipher,
  signal: AbortSignal,
): Promise<{ written: number; unreadable: number }> {
  const done = { written: 0, unreadable: 0 };
  for (let after = '0'; !signal.aborted;) {
    const rows = await db.query<{ id: string; envelope: string }[]>(
      `SELECT id, envelope FROM parked_events WHERE id > $1 ORDER BY id LIMIT ${BATCH}`,
      [after],
    );
    for (const { id, envelope } of rows) {
      try {
        const renewedEnvelope = renewedIn(envelope, cipher);
        if (renewedEnvelope === envelope) continue;
        await db.query('UPDATE parked_events SET envelope = $2 WHERE id = $1', [id, renewedEnvelope]);
        done.written++;
      } catch (error) {
        if (isInfrastructureError(error)) throw error;
        done.unreadable++;
      }
    }
    if (rows.length < BATCH) break;
    after = rows.at(-1)!.id;
  }
  return done;
}

function renewedIn(envelope: string, cipher: EventCipher): string {
  if (!envelope.includes('"sealedfields"')) return envelope;
  const event = JSON.parse(envelope) as CloudEvent;
  const data = renewed(event.data, event, cipher);
  return data === event.data ? envelope : JSON.stringify({ ...event, data });
}
