import type { Actor } from '@switchboard/contracts';
import { DataSource, type EntityManager, QueryFailedError, type QueryRunner } from 'typeorm';
import { HttpProblem } from './http/problems';

/** The role in which a service acts for a person; it is derived from the service's own role. */
export const personRoleOf = (serviceRole: string) => `${serviceRole}_person`;

/** How a table says whose a row is: by a column, or by the `id` of a row of another personal table. */
export type Owner = string | { readonly column: string; readonly of: string };

/**
 * For migrations: makes a table one of persons. The service's own role sees all rows; its role for persons sees and writes
 * those of the person that `asPerson` names. Forced, because the service owns the table, and owners are not asked otherwise.
 * On Supabase, who signed in there (`authenticated`) would see their own rows, once an operator grants them the table.
 */
export async function personalTable(db: QueryRunner, table: string, owner: Owner = 'user_id'): Promise<void> {
  const [names] = (await db.query(
    `SELECT quote_ident(current_user) AS service, quote_ident(current_user || '_person') AS person,
       quote_ident(current_schema()) AS schema,
       to_regrole('authenticated') IS NOT NULL AND EXISTS (
         SELECT FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
         WHERE n.nspname = 'auth' AND f.proname = 'uid' AND has_schema_privilege(n.oid, 'USAGE')) AS supabase`,
  )) as [{ service: string; person: string; schema: string; supabase: boolean }];
  const mine = (user: string) =>
    typeof owner === 'string'
      ? `${owner} = (SELECT ${user})`
      : `EXISTS (SELECT FROM ${owner.of} owner WHERE owner.id = ${table}.${owner.column})`;
  const policy = (name: string, role: string, condition: string) =>
    db.query(`CREATE POLICY ${name} ON ${table} TO ${role} USING (${condition}) WITH CHECK (${condition})`);
  await db.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  await policy('service', names.service, 'true');
  await policy('person', names.person, mine(`nullif(current_setting('app.user_id', true), '')::uuid`));
  if (names.supabase) await policy('supabase', 'authenticated', mine('auth.uid()'));
  await db.query(`GRANT USAGE ON SCHEMA ${names.schema} TO ${names.person}`);
  await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${names.person}`);
}

/**
 * For migrations: what else may be done in a person's transaction, with tables that belong to no person.
 * @param privilege for example `SELECT ON prices`
 */
export async function grantToPersons(db: QueryRunner, privilege: string): Promise<void> {
  const [{ person }] = (await db.query(`SELECT quote_ident(current_user || '_person') AS person`)) as [
    { person: string },
  ];
  await db.query(`GRANT ${privilege} TO ${person}`);
}

/**
 * Runs a transaction that acts for a person: it sees and writes that person's rows, and no others, whatever its statements
 * say. For what a person asks over HTTP; handlers and jobs act for the service.
 */
export function asPerson<T>(db: DataSource, userId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  return db.transaction((tx) => inPersonRole(tx, userId, work));
}

/**
 * Runs a transaction for whoever asks over HTTP: for a person in their role (`asPerson`), for anybody else as the service.
 * @param db or, of an idempotent route, the transaction that it was given, which goes on as the service
 * @throws HttpProblem 403 when a person writes what would be somebody else's
 */
export async function asActor<T>(
  db: DataSource | EntityManager,
  actor: Actor,
  work: (tx: EntityManager) => Promise<T>,
): Promise<T> {
  if (actor.kind !== 'person') return db instanceof DataSource ? db.transaction(work) : work(db);
  try {
    if (db instanceof DataSource) return await asPerson(db, actor.id, work);
    const result = await inPersonRole(db, actor.id, work);
    db.queryRunner!.data[ACTS_FOR_PERSON] = false;
    await db.query(`SELECT set_config('app.user_id', '', true), set_config('role', 'none', true)`);
    return result;
  } catch (error) {
    if (isRefusedByPolicy(error)) throw new HttpProblem('forbidden');
    throw error;
  }
}

async function inPersonRole<T>(tx: EntityManager, userId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  // As SET LOCAL ROLE, in one statement: both end with the transaction.
  await tx.query(`SELECT set_config('app.user_id', $1, true), set_config('role', current_user || '_person', true)`, [
    userId,
  ]);
  tx.queryRunner!.data[ACTS_FOR_PERSON] = true;
  return work(tx);
}

/** A row that a policy does not let pass. Its code, 42501, is also that of a missing privilege, which is a fault of ours. */
const isRefusedByPolicy = (error: unknown): boolean =>
  error instanceof QueryFailedError &&
  (error.driverError as { code?: string; routine?: string }).code === '42501' &&
  (error.driverError as { routine?: string }).routine === 'ExecWithCheckOptions';

const ACTS_FOR_PERSON = 'switchboard.actsForPerson';

/** Steps out of a person's role for a moment, for the machinery that no person owns. */
export async function asService<T>(tx: EntityManager, work: () => Promise<T>): Promise<T> {
  if (!tx.queryRunner?.data[ACTS_FOR_PERSON]) return work();
  await tx.query('SET LOCAL ROLE NONE');
  const result = await work();
  await tx.query(`SELECT set_config('role', session_user || '_person', true)`);
  return result;
}
