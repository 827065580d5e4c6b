import type { TestApp } from '@switchboard/testing';

/** What the audit log says of somebody or something, in its order: `gateway.keys.create done`. */
export async function audited(app: TestApp, { actor, resource }: { actor?: string; resource?: string }) {
  const rows = await app.service.db.query<{ act: string }[]>(
    `SELECT action || ' ' || result AS act FROM audit_entries
     WHERE ($1::text IS NULL OR actor_id = $1) AND ($2::text IS NULL OR resource_id = $2) ORDER BY at, stream, seq`,
    [actor, resource],
  );
  return rows.map(({ act }) => act);
}
