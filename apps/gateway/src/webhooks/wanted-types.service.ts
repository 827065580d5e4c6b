import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/** For so long a process believes what it has read of endpoints that others may have changed. */
const BELIEVED_MS = 1000;

const CHANGED = 'gateway.changedWebhookEndpoints';

/**
 * Which events some endpoint wants, so that all others cost nothing. What it says is never older than a second; of changes that were made
 * in this process it knows at once. So an endpoint gets every event that is said a second or more after it was opened or changed.
 */
@Injectable()
export class WantedTypesService {
  private known: { readonly types: ReadonlySet<string>; readonly askedAt: number } | undefined;
  private changes = 0;

  constructor(private readonly db: DataSource) {
    db.subscribers.push({
      afterTransactionCommit: ({ queryRunner }: { queryRunner: QueryRunner }) => {
        if (!takeChanged(queryRunner)) return;
        this.changes++;
        this.known = undefined;
      },
      afterTransactionRollback: ({ queryRunner }: { queryRunner: QueryRunner }) => void takeChanged(queryRunner),
    });
  }

  async types(): Promise<ReadonlySet<string>> {
    const askedAt = performance.now();
    if (this.known && askedAt - this.known.askedAt <= BELIEVED_MS) return this.known.types;
    const { changes } = this;
    const [row] = await this.db.query<[{ types: string[] }]>(
      `SELECT ARRAY(SELECT DISTINCT unnest(types) FROM webhook_endpoints WHERE state = 'enabled') AS types`,
    );
    const types = new Set(row.types);
    // Of what was changed meanwhile it may know nothing.
    if (changes === this.changes) this.known = { types, askedAt };
    return types;
  }

  /** To be called by whoever opens or changes an endpoint in `tx`. */
  changeIn(tx: EntityManager): void {
    if (tx.queryRunner) tx.queryRunner.data[CHANGED] = true;
  }
}

function takeChanged({ data }: QueryRunner): boolean {
  const isChanged = CHANGED in data;
  delete data[CHANGED];
  return isChanged;
}
