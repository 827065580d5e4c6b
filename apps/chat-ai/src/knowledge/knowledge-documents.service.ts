import { Injectable } from '@nestjs/common';
import {
  type Actor,
  DeleteKnowledgeDocument,
  type ListKnowledgePassages,
  type Locale,
  type ReadKnowledgeDocument,
  RestoreKnowledgeDocument,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, type Position } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { AssistantsService } from '../assistants/assistants.service';
import type { FileNote } from '../documents/read-result';
import { described, type EntryProblem } from './entry-problems';
import { KnowledgeEntriesJobs } from './knowledge-entries.jobs';
import { KnowledgeDocumentNotFound, KnowledgeEntriesService } from './knowledge-entries.service';
import { KnowledgeEntry } from './knowledge-entry.entity';

export type KnowledgeDocument = AnswerOf<typeof ReadKnowledgeDocument>;
type KnowledgePassage = AnswerOf<typeof ListKnowledgePassages>['data'][number];

class KnowledgeReadOnly extends DomainError {
  constructor(documentId: string) {
    super('chat-ai.knowledge_read_only', "The file lies in the bot's folder and is changed there", 409, { documentId });
  }
}

export interface DocumentFilter {
  readonly origin?: KnowledgeDocument['origin'] | undefined;
  readonly deleted: boolean;
}

/** What the knowledge base of a bot is made of: the files of its folder, and what staff have added. */
@Injectable()
export class KnowledgeDocumentsService {
  constructor(
    private readonly db: DataSource,
    private readonly assistants: AssistantsService,
    private readonly entries: KnowledgeEntriesService,
    private readonly jobs: KnowledgeEntriesJobs,
    private readonly clock: Clock,
  ) {}

  /** In the order of their sources. */
  async list(
    botId: string,
    { origin, deleted }: DocumentFilter,
    locale: Locale,
    position: Position | undefined,
    limit: number,
  ): Promise<KnowledgeDocument[]> {
    const [from, order] = position?.direction === 'prev' ? ['<', 'DESC'] : ['>', 'ASC'];
    const rows = await this.db.query<Row[]>(
      `SELECT * FROM (${DOCUMENTS}) one
       WHERE ($3::text IS NULL OR origin = $3) AND ("deletedAt" IS NOT NULL) = $4
         AND ($5::text IS NULL OR (source, id) ${from} ($5, $6::uuid))
       ORDER BY source ${order}, id ${order} LIMIT $7`,
      [botId, this.hasFolder(botId), origin ?? null, deleted, ...(position?.key ?? [null, null]), limit],
    );
    return rows.map((row) => shown(row, locale));
  }

  async read(tx: EntityManager, botId: string, documentId: string, locale: Locale): Promise<KnowledgeDocument> {
    const rows = await tx.query<Row[]>(`SELECT * FROM (${DOCUMENTS}) one WHERE id = $3`, [
      ...[botId, this.hasFolder(botId)],
      documentId,
    ]);
    if (!rows[0]) throw new KnowledgeDocumentNotFound(documentId);
    return shown(rows[0], locale);
  }

  /** What was read of a document, in its order. */
  async passages(
    botId: string,
    documentId: string,
    position: Position | undefined,
    limit: number,
  ): Promise<(KnowledgePassage & { language: string; position: number })[]> {
    await this.read(this.db.manager, botId, documentId, 'en');
    const [from, order] = position?.direction === 'prev' ? ['<', 'DESC'] : ['>', 'ASC'];
    return this.db.query(
      `SELECT c.id, c.heading, c.text, c.suspicious, c.tokens, d.locale AS language, c.position
       FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
       WHERE d.bot_id = $1 AND (d.id = $2 OR d.entry_id = $2)
         AND ($3::text IS NULL OR (d.locale, c.position) ${from} ($3, $4::int))
       ORDER BY d.locale ${order}, c.position ${order} LIMIT $5`,
      [botId, documentId, ...(position?.key ?? [null, null]), limit],
    );
  }

  /** It can be restored as long as it is kept. Deleted twice it is deleted once. */
  async delete(tx: EntityManager, botId: string, documentId: string, actor: Actor): Promise<void> {
    const entry = await this.lock(tx, botId, documentId);
    if (entry.deletedAt) return;
    const deletedAt = this.clock.now();
    await tx.update(KnowledgeEntry, entry.id, { deletedAt, ...this.entries.changedBy(actor, entry) });
    await this.entries.hide(tx, entry);
    await this.entries.audit(tx, actor, DeleteKnowledgeDocument, entry);
  }

  async restore(tx: EntityManager, botId: string, documentId: string, actor: Actor): Promise<void> {
    const entry = await this.lock(tx, botId, documentId);
    if (!entry.deletedAt) return;
    await this.entries.holdRoom(tx, botId);
    await tx.update(KnowledgeEntry, entry.id, { deletedAt: null, ...this.entries.changedBy(actor, entry) });
    const [{ text }] = (await tx.query('SELECT text FROM knowledge_entries WHERE id = $1', [entry.id])) as [
      { text: string | null },
    ];
    if (text !== null || entry.texts) await this.entries.index(tx, entry, text);
    else await this.jobs.read(tx, entry);
    await this.entries.audit(tx, actor, RestoreKnowledgeDocument, entry);
  }

  private async lock(tx: EntityManager, botId: string, documentId: string): Promise<KnowledgeEntry> {
    const entry = await this.entries.find(tx, botId, documentId);
    if (entry) return entry;
    await this.read(tx, botId, documentId, 'en');
    throw new KnowledgeReadOnly(documentId);
  }

  private hasFolder(botId: string): boolean {
    return this.assistants.get(botId).knowledgeFolder !== undefined;
  }
}

interface Row extends Pick<
  KnowledgeEntry,
  'id' | 'source' | 'contentType' | 'everyHours' | 'readAt' | 'nextReadAt' | 'deletedAt' | 'revision'
> {
  readonly origin: KnowledgeDocument['origin'];
  readonly title: string;
  readonly isWaiting: boolean;
  readonly passages: number;
  readonly loadedAt: Date | null;
  readonly problem: EntryProblem | null;
  readonly notes: FileNote[];
  readonly bytes: number | null;
  readonly changedAt: Date | null;
  readonly changedBy: string | null;
}

/** A file of the folder counts only while the bot has one. */
const DOCUMENTS = `
  SELECT d.id, 'folder' AS origin, d.source, d.title, false AS "isWaiting", d.loaded_at AS "loadedAt", d.problem, d.notes,
    (SELECT count(*)::int FROM knowledge_chunks c WHERE c.document_id = d.id) AS passages,
    NULL::float8 AS bytes, NULL AS "contentType", NULL::int AS "everyHours", NULL::timestamptz AS "readAt",
    NULL::timestamptz AS "nextReadAt", NULL::timestamptz AS "changedAt", NULL AS "changedBy",
    NULL::timestamptz AS "deletedAt", 0 AS revision
  FROM knowledge_documents d WHERE d.bot_id = $1 AND d.entry_id IS NULL AND $2
  UNION ALL
  SELECT e.id, e.origin, e.source, coalesce(e.title, made.title, e.source), e.state = 'waiting', made.loaded_at, e.problem,
    coalesce(made.notes, e.notes), coalesce(made.passages, 0)::int, e.bytes::float8, e.content_type, e.every_hours, e.read_at,
    e.next_read_at, e.changed_at, e.changed_by, e.deleted_at, e.revision
  FROM knowledge_entries e LEFT JOIN LATERAL (
    SELECT min(d.title) AS title, max(d.loaded_at) AS loaded_at,
      (SELECT array_agg(DISTINCT note) FROM knowledge_documents n, unnest(n.notes) note WHERE n.entry_id = e.id) AS notes,
      sum((SELECT count(*) FROM knowledge_chunks c WHERE c.document_id = d.id)) AS passages
    FROM knowledge_documents d WHERE d.entry_id = e.id
  ) made ON true
  WHERE e.bot_id = $1 AND e.state <> 'receiving'`;

function shown({ problem, notes, isWaiting, ...row }: Row, locale: Locale): KnowledgeDocument {
  const { origin, source, bytes, contentType, everyHours, readAt, nextReadAt } = row;
  return {
    ...row,
    state: isWaiting ? 'waiting' : problem !== null && row.passages === 0 ? 'unread' : 'read',
    problem: problem && described(problem, locale),
    notes: notes.map((note) => described(note, locale)),
    file: origin === 'file' ? { bytes: bytes ?? 0, contentType: contentType ?? 'application/octet-stream' } : null,
    page: origin === 'page' ? { url: source, everyHours, readAt, nextReadAt } : null,
  };
}
