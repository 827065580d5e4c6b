import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log, MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { buffer } from 'node:stream/consumers';
import { DataSource, type EntityManager } from 'typeorm';
import { ReaderLost, withReader } from '../documents/document-reader';
import type { FileNote, ReadResult } from '../documents/read-result';
import type { EntryProblem } from './entry-problems';
import { KnowledgeEntriesService } from './knowledge-entries.service';
import { KnowledgeEntry } from './knowledge-entry.entity';
import { PageFetcher } from './page-fetcher';

/** What came of reading an entry. */
type Outcome =
  | { readonly problem: EntryProblem }
  | { readonly isUnchanged: true }
  | {
      readonly text: string;
      readonly notes: FileNote[];
      readonly etag?: string | null;
      readonly lastModified?: string | null;
    };

/** After a page was not had for a reason that may pass. */
const UNREACHABLE_AGAIN_HOURS = 1;

/** Reads what staff have added: files from the storage, pages from the web. */
@Injectable()
export class KnowledgeReadingService {
  constructor(
    private readonly db: DataSource,
    private readonly entries: KnowledgeEntriesService,
    private readonly pages: PageFetcher,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Reads an entry and makes passages of it. What it said before stays known when it cannot be read.
   * @param isLastTry a reader of files that is lost now is told of, and not waited for again
   */
  async read(entryId: string, { signal, isLastTry }: { signal: AbortSignal; isLastTry: boolean }): Promise<void> {
    const entry = await this.db.manager.findOneBy(KnowledgeEntry, { id: entryId });
    if (!entry || entry.deletedAt || entry.state === 'receiving') return;
    const outcome = await this.outcomeOf(entry, signal).catch((error: unknown) => {
      if (!(error instanceof ReaderLost) || !isLastTry || signal.aborted) throw error;
      return { problem: 'reader_failed' as const };
    });
    if (outcome && 'problem' in outcome)
      this.log.warn(
        { botId: entry.botId, entryId, problem: outcome.problem },
        'an entry of the knowledge base was not read',
      );
    await this.db.transaction((tx) => this.keep(tx, entry, outcome));
  }

  /** Undefined of a question, whose words are in its row. */
  private async outcomeOf(entry: KnowledgeEntry, signal: AbortSignal): Promise<Outcome | undefined> {
    if (entry.origin === 'faq') return undefined;
    if (entry.origin === 'file') {
      const file = await this.storage.open(entry.storageKey!);
      if (!file) return { problem: 'file_unreadable' };
      return readAs(entry.source, await buffer(file.body), signal);
    }
    const page = await this.pages.fetch(entry, this.entries, signal);
    if (!('bytes' in page)) return page;
    const { name, bytes, etag, lastModified } = page;
    const result = await readAs(name, bytes, signal);
    return 'problem' in result ? result : { ...result, etag, lastModified };
  }

  private async keep(
    tx: EntityManager,
    { id, storageKey }: KnowledgeEntry,
    outcome: Outcome | undefined,
  ): Promise<void> {
    const lock = { mode: 'pessimistic_write' } as const;
    const entry = await tx.findOne(KnowledgeEntry, { where: { id }, lock });
    // Of a file that was replaced meanwhile the new one is read by a job of its own.
    if (!entry || entry.deletedAt || entry.storageKey !== storageKey) return;
    const [{ text: before }] = (await tx.query('SELECT text FROM knowledge_entries WHERE id = $1', [id])) as [
      { text: string | null },
    ];
    const read = outcome && 'text' in outcome ? outcome : undefined;
    const problem = outcome && 'problem' in outcome ? outcome.problem : null;
    await tx.update(KnowledgeEntry, id, { state: 'settled', problem, ...read });
    if (entry.origin === 'page') await this.schedule(tx, entry, problem);
    const text = read?.text ?? before;
    const isOther = text !== before || entry.indexedAs !== this.entries.indexedAs;
    if (!problem && (isOther || (await this.isNamedOtherwise(tx, entry)))) {
      await this.entries.index(tx, { ...entry, notes: read?.notes ?? entry.notes }, text);
    }
  }

  /** Both by the clock of the database, which finds those that are due. */
  private async schedule(tx: EntityManager, { id, everyHours }: KnowledgeEntry, problem: EntryProblem | null) {
    const mayPass = problem === 'page_unreachable' || problem === 'page_unknown_name' || problem === 'reader_failed';
    const hours = everyHours === null || !mayPass ? everyHours : Math.min(everyHours, UNREACHABLE_AGAIN_HOURS);
    await tx.query(
      `UPDATE knowledge_entries SET read_at = CASE WHEN $2 THEN now() ELSE read_at END,
         next_read_at = now() + make_interval(hours => $3) WHERE id = $1`,
      [id, problem === null, hours],
    );
  }

  /** Whether staff have given it another title than the one it is searched by. */
  private async isNamedOtherwise(tx: EntityManager, { id, title }: KnowledgeEntry): Promise<boolean> {
    if (title === null) return false;
    const rows = await tx.query<unknown[]>(
      'SELECT FROM knowledge_documents WHERE entry_id = $1 AND title <> $2 LIMIT 1',
      [id, title],
    );
    return rows.length > 0;
  }
}

/** @throws ReaderLost */
const readAs = (name: string, bytes: Buffer, signal: AbortSignal): Promise<ReadResult> =>
  withReader(signal, (reader) => reader.read(name, bytes));
