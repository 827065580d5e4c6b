import type { Bus, BusMessage } from '@switchboard/bus';
import type { EntityManager } from 'typeorm';
import type { Settings } from './settings.mjs';

interface Row {
  id: string;
  event_id: string;
  type: string;
  subject: string;
  envelope: string;
}

/** The insides of the relay that the mistakes below replace. */
interface RelayParts {
  options: { transport: { publish(messages: BusMessage[]): Promise<void> } };
  query(client: unknown, config: { text: string; values: unknown[] }): Promise<{ rows: Row[] }>;
  publish(client: unknown, rows: Row[]): Promise<void>;
  look(client: unknown, from: bigint, inFlight: string[]): Promise<Row[]>;
}

interface InboxParts {
  remember(tx: EntityManager, reads: { event: { id: string } }[]): Promise<unknown>;
}

/** Puts one mistake into this process, after its bus was made and its consumers listen. */
export function breakOnPurpose(bus: Bus, build: NonNullable<Settings['brokenBuild']>): void {
  const relay = Reflect.get(bus, 'relay') as RelayParts;
  if (build === 'inbox-off') {
    for (const inbox of bus.server.inboxes.values()) {
      const parts = inbox as unknown as InboxParts;
      const remember = parts.remember.bind(inbox);
      parts.remember = async (tx, reads) => {
        const ids = reads.map(({ event }) => event.id);
        await tx.query('DELETE FROM inbox WHERE consumer = $1 AND event_id = ANY($2)', [inbox.consumer, ids]);
        return remember(tx, reads);
      };
    }
  }
  if (build === 'delete-before-confirm') {
    relay.publish = async (client, rows) => {
      const ids = rows.map((row) => row.id);
      await relay.query(client, { text: 'DELETE FROM outbox WHERE id = ANY($1::bigint[])', values: [ids] });
      await relay.options.transport.publish(
        rows.map((row) => ({ id: row.event_id, type: row.type, subject: row.subject, body: row.envelope })),
      );
    };
  }
  if (build === 'no-look-back') {
    const look = relay.look.bind(relay);
    let highest = 0n;
    relay.look = async (client, _from, inFlight) => {
      const rows = await look(client, highest, inFlight);
      if (rows.length > 0) highest = BigInt(rows.at(-1)!.id);
      return rows;
    };
  }
}
