import type { Actor, RouteDefinition } from '@switchboard/contracts';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { z } from 'zod';
import type { Clock } from '../clock';
import type { FieldCipher } from '../field-cipher';
import { HttpProblem } from './problems';

const LIFETIME_MS = 24 * 60 * 60 * 1000;

/** What a row is sorted by, with something unique at the end. */
export type SortKey = readonly (string | number | boolean | null)[];

/** Where a page begins. For `prev` the rows before the key are wanted, the nearest first. */
export interface Position {
  readonly key: SortKey;
  readonly direction: 'next' | 'prev';
}

/** A request whose query is a PageQuery. */
export interface ListRequest {
  readonly route: RouteDefinition;
  readonly params: unknown;
  readonly query: { readonly after?: string | undefined; readonly limit: number };
  readonly actor: Actor | undefined;
}

export interface Page<Row> {
  data: Row[];
  page: { next: string | null; prev: string | null };
}

const Content = z.object({
  key: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
  direction: z.enum(['next', 'prev']),
  until: z.number(),
});

/**
 * Cursors of lists: encrypted and bound to the route, its filters and whose list it is, so that nobody reads the sort key of a row
 * or goes on in a list of somebody else. They follow the rotation of the keys.
 */
export class Cursors {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  /** Undefined for the first page. @throws HttpProblem 400 for a cursor of another list, or an old one */
  position(request: ListRequest): Position | undefined {
    const { after } = request.query;
    if (after === undefined) return undefined;
    try {
      const { until, ...position } = Content.parse(JSON.parse(this.cipher.decrypt(after, placeOf(request))));
      if (until >= this.clock.now().getTime()) return position;
    } catch {
      // Told below: why a cursor is not one of ours is nobody's business.
    }
    throw new HttpProblem('invalid_cursor');
  }

  /**
   * The answer of a list.
   * @param rows one more than `limit` where there are so many, beginning at the position
   * @param keyOf what a row is sorted by
   */
  page<Row>(request: ListRequest, rows: readonly Row[], keyOf: (row: Row) => SortKey): Page<Row> {
    const position = this.position(request);
    const isMore = rows.length > request.query.limit;
    const data = rows.slice(0, request.query.limit);
    const backwards = position?.direction === 'prev';
    if (backwards) data.reverse();
    const cursor = (row: Row | undefined, direction: Position['direction'], exists: boolean) =>
      row && exists ? this.cursor(request, { key: keyOf(row), direction }) : null;
    return {
      data,
      page: {
        next: cursor(data.at(-1), 'next', isMore || backwards),
        prev: cursor(data[0], 'prev', backwards ? isMore : position !== undefined),
      },
    };
  }

  /**
   * The answer of a list: a page of the rows that a query finds, the latest first.
   * @param query without order and limit
   * @param by the columns by which rows are sorted; together they are unique, and never null
   */
  async select<Row extends ObjectLiteral>(
    request: ListRequest,
    query: SelectQueryBuilder<Row>,
    by: readonly (keyof Row & string)[],
  ): Promise<Page<Row>> {
    const position = this.position(request);
    const isRising = position?.direction === 'prev';
    const columns = by.map((name) => `${query.alias}.${name}`);
    if (position) {
      const names = by.map((_, i) => `cursor${i}`);
      query.andWhere(
        `(${columns.join(', ')}) ${isRising ? '>' : '<'} (${names.map((name) => `:${name}`).join(', ')})`,
        Object.fromEntries(names.map((name, i) => [name, position.key[i]])),
      );
    }
    for (const column of columns) query.addOrderBy(column, isRising ? 'ASC' : 'DESC');
    const rows = await query.limit(request.query.limit + 1).getMany();
    return this.page(request, rows, (row) => by.map((name) => keyPartOf(row[name])));
  }

  private cursor(request: ListRequest, position: Position): string {
    const until = this.clock.now().getTime() + LIFETIME_MS;
    return this.cipher.encrypt(JSON.stringify({ ...position, until }), placeOf(request));
  }
}

const keyPartOf = (value: unknown) => (value instanceof Date ? value.toISOString() : (value as SortKey[number]));

function placeOf({ route, params, query, actor }: ListRequest): string {
  const { after: _, limit: __, ...filter } = query;
  return JSON.stringify(['cursor', route.id, actor && [actor.kind, actor.id], params, filter]);
}
