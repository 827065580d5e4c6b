import { createHash } from 'node:crypto';
import type { RouteDefinition } from '@switchboard/contracts';
import type { Request, Response } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock';
import type { FieldCipher } from '../field-cipher';
import { HttpProblem } from './problems';
import type { RequestOf } from './route.decorators';

/** Where answers are kept, encrypted. */
export const ANSWER_PLACE = 'idempotency_keys.answer';

/** Seconds. */
const RETRY_AFTER = 1;

/**
 * Does what an idempotent route asks for once per actor, route and `Idempotency-Key`, and answers a repetition as before.
 * The key is kept in the transaction of the work, so that neither can be there without the other.
 */
export class Idempotency {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  /**
   * @param work does it within the transaction, and returns the answer as it goes onto the wire
   * @throws HttpProblem 400 without a key, 409 while another request with it runs, 422 when it belongs to something else
   */
  once(
    of: RequestOf<RouteDefinition>,
    request: Request,
    response: Response,
    work: (tx: EntityManager) => Promise<unknown>,
  ): Promise<unknown> {
    return this.do(asked(of, request), response, work);
  }

  /**
   * As `once`, with checks that need no transaction and hold no connection: services and name servers may take as long as they like.
   * Only of a request that has no answer yet; two with one key may be checked at the same time.
   * @param check throws when it is not to be done, else returns what is to be done within the transaction
   */
  async onceChecked(
    of: RequestOf<RouteDefinition>,
    request: Request,
    response: Response,
    check: () => Promise<(tx: EntityManager) => Promise<unknown>>,
  ): Promise<unknown> {
    const repeated = asked(of, request);
    const kept = await this.kept(this.db.manager, repeated, response);
    if (kept) return kept.answer;
    try {
      return await this.do(repeated, response, await check());
    } catch (error) {
      // What it is refused for may be what the same request has done meanwhile.
      const done = await this.kept(this.db.manager, repeated, response);
      if (done) return done.answer;
      throw error;
    }
  }

  private do(repeated: Asked, response: Response, work: (tx: EntityManager) => Promise<unknown>): Promise<unknown> {
    const { scope, hash } = repeated;
    return this.db.transaction(async (tx) => {
      if (!(await isFree(tx, scope))) throw new HttpProblem('request_in_progress', { retryAfter: RETRY_AFTER });
      const kept = await this.kept(tx, repeated, response);
      if (kept) return kept.answer;
      const answer = await work(tx);
      await tx.query(
        `INSERT INTO idempotency_keys (principal, route, key, request_hash, answer, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [
          ...scope,
          hash,
          this.cipher.encrypt(JSON.stringify({ answer }), ANSWER_PLACE, scope.join('/')),
          this.clock.now(),
        ],
      );
      return answer;
    });
  }

  /** @throws HttpProblem 422 when the key belongs to another request */
  private async kept(
    db: EntityManager,
    { scope, hash }: Asked,
    response: Response,
  ): Promise<{ answer?: unknown } | undefined> {
    const [kept] = await db.query<{ hash: Buffer; answer: string }[]>(
      `SELECT request_hash AS hash, answer FROM idempotency_keys WHERE principal = $1 AND route = $2 AND key = $3`,
      [...scope],
    );
    if (!kept) return undefined;
    if (!kept.hash.equals(hash)) throw new HttpProblem('idempotency_key_reused');
    response.setHeader('idempotency-replayed', 'true');
    return JSON.parse(this.cipher.decrypt(kept.answer, ANSWER_PLACE, scope.join('/'))) as { answer?: unknown };
  }

  /** Forgets keys that are older; returns how many. A repetition that comes later is done again. */
  async forgetBefore(time: Date): Promise<number> {
    const [, count] = await this.db.query<[unknown, number]>('DELETE FROM idempotency_keys WHERE created_at < $1', [
      time,
    ]);
    return count;
  }
}

/** What was asked for, by whom, and by which key. */
interface Asked {
  readonly scope: readonly string[];
  readonly hash: Buffer;
}

const asked = ({ route, actor }: RequestOf<RouteDefinition>, request: Request): Asked => ({
  scope: [`${actor!.kind}:${actor!.id}`, route.id, idempotencyKeyOf(request)],
  hash: hashOf(request),
});

/** @throws HttpProblem 400 without one */
export function idempotencyKeyOf({ headers }: Request): string {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string' || !/^[\x21-\x7e]{16,255}$/.test(key)) throw new HttpProblem('malformed_idempotency_key');
  return key;
}

/** What was asked for: two requests with one key have to mean the same. */
const hashOf = ({ originalUrl, body }: Request): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([originalUrl, body ?? null]))
    .digest();

/** Holds the key until the transaction ends; false when somebody else does. */
async function isFree(tx: EntityManager, scope: readonly string[]): Promise<boolean> {
  const [row] = await tx.query<{ free: boolean }[]>(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free',
    [JSON.stringify(['idempotency', ...scope])],
  );
  return row!.free;
}
