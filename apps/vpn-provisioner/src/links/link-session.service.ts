import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LockSession } from '@switchboard/bus';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** What takes longer is lost: the answers in memory will do. */
const ANSWER_WITHIN_MS = 1500;

/**
 * A connection of its own for addresses. Just when thousands of people are moved all connections of the pool are in use, and that is
 * when everybody's app has to learn where they are served now.
 */
@Injectable()
export class LinkSession implements OnModuleDestroy {
  private session: Promise<LockSession> | undefined;

  constructor(private readonly db: DataSource) {}

  async query<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    const session = await (this.session ??= this.open());
    if (!session.lost.aborted) return session.query<Row>({ text, values });
    this.session = undefined;
    return this.query(text, values);
  }

  async onModuleDestroy(): Promise<void> {
    const session = await this.session?.catch(() => undefined);
    await session?.close();
  }

  private open(): Promise<LockSession> {
    const { url } = this.db.options as DataSourceOptions & { readonly url: string };
    const options = { answerWithinMs: ANSWER_WITHIN_MS };
    const opened = LockSession.open({ connectionString: url }, 'vpn-provisioner links', options);
    opened.catch(() => (this.session = undefined));
    return opened;
  }
}
