import type { Bus } from '@switchboard/bus';
import type { EntityManager } from 'typeorm';
import type { Settings } from './settings.mjs';

interface Row {
  id: string;
}

/** The insides of the relay that the mistakes below replace. */
interface RelayParts {
  look(session: unknown, from: bigint, inFlight: string[], carried: string[]): Promise<Row[]>;
  delete(session: unknown, carried: string[]): Promise<unknown>;
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
    const look = relay.look.bind(relay);
    relay.look = async (session, ...rest) => {
      const rows = await look(session, ...rest);
      const ids = rows.map((row) => row.id);
      if (ids.length > 0) await relay.delete(session, ids);
      return rows;
    };
  }
  if (build === 'no-look-back') {
    const look = relay.look.bind(relay);
    let highest = 0n;
    relay.look = async (session, _from, inFlight, carried) => {
      const rows = await look(session, highest, inFlight, carried);
      if (rows.length > 0) highest = BigInt(rows.at(-1)!.id);
      return rows;
    };
  }
}
