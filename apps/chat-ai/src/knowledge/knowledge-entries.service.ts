import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type KnownLocale,
  localized,
  type RouteDefinition,
  AuditEntryAppendRequested,
} from '@switchboard/contracts';
import { auditEntry, Clock, DomainError } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { authorOf } from '../author';
import { DocumentWriter } from './document-writer';
import { type FaqText, KnowledgeEntry } from './knowledge-entry.entity';
import { indexedAs, PassageIndex } from './passage-index';
import { type SplitDocument, splitDocument, splitSections } from './split-document';

export class KnowledgeDocumentNotFound extends DomainError {
  constructor(documentId: string) {
    super('chat-ai.knowledge_document_not_found', 'There is no such document', 404, { documentId });
  }
}

class TooMuchKnowledge extends DomainError {
  constructor(most: number) {
    super('chat-ai.too_much_knowledge', 'The knowledge base has as many documents as it may have', 409, { most });
  }
}

/** As many as files of a folder. */
const MOST_ENTRIES = 2000;

const FAQ_TITLE: Record<KnownLocale, string> = { en: 'Frequent questions', ru: 'Частые вопросы' };

/** What files, pages and questions that staff have added have in common. */
@Injectable()
export class KnowledgeEntriesService {
  /** Entries that were indexed as something else are to be read anew. */
  readonly indexedAs: string;

  constructor(
    private readonly documents: DocumentWriter,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    index: PassageIndex,
  ) {
    this.indexedAs = indexedAs(index);
  }

  /** Holds an entry that is there, or was deleted and can be restored. @throws KnowledgeDocumentNotFound */
  async lock(tx: EntityManager, botId: string, id: string, origin?: KnowledgeEntry['origin']): Promise<KnowledgeEntry> {
    const entry = await this.find(tx, botId, id, origin);
    if (!entry) throw new KnowledgeDocumentNotFound(id);
    return entry;
  }

  /** The same, of one that was not deleted. */
  async lockPresent(
    tx: EntityManager,
    botId: string,
    id: string,
    origin: KnowledgeEntry['origin'],
  ): Promise<KnowledgeEntry> {
    const entry = await this.lock(tx, botId, id, origin);
    if (entry.deletedAt) throw new KnowledgeDocumentNotFound(id);
    return entry;
  }

  find(
    tx: EntityManager,
    botId: string,
    id: string,
    origin?: KnowledgeEntry['origin'],
  ): Promise<KnowledgeEntry | null> {
    return tx.findOne(KnowledgeEntry, {
      where: { id, botId, state: Not('receiving'), ...(origin && { origin }) },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Holds the entries of a bot until `tx` ends, so that nobody else adds the same or one too many. @throws TooMuchKnowledge */
  async holdRoom(tx: EntityManager, botId: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('knowledge entries'), hashtext($1))`, [botId]);
    const present = await tx.countBy(KnowledgeEntry, { botId, state: Not('receiving'), deletedAt: IsNull() });
    if (present >= MOST_ENTRIES) throw new TooMuchKnowledge(MOST_ENTRIES);
  }

  /** Makes passages of what an entry says. @param text that was read of a file or a page */
  async index(tx: EntityManager, entry: KnowledgeEntry, text: string | null): Promise<void> {
    const { id, botId, source, notes, texts } = entry;
    const said = texts ? JSON.stringify(texts) : (text ?? '');
    const hash = createHash('sha256').update(this.indexedAs).update(said).digest('hex');
    const documents = texts ? texts.map(documentOf) : text === null ? [] : [splitEntry(entry, text)];
    await this.documents.replace(tx, { botId, source, entryId: id, hash, notes }, documents);
    await this.documents.finish(tx, botId);
    await tx.update(KnowledgeEntry, id, { indexedAs: this.indexedAs });
  }

  /** Takes the passages of an entry out of the base. */
  async hide(tx: EntityManager, { id, botId, source }: KnowledgeEntry): Promise<void> {
    await this.documents.remove(tx, { botId, source, entryId: id });
    await this.documents.finish(tx, botId);
  }

  /** What a change by somebody writes into the row. */
  changedBy(actor: Actor, { revision }: Pick<KnowledgeEntry, 'revision'>) {
    return { changedAt: this.clock.now(), changedBy: authorOf(actor), revision: revision + 1 };
  }

  /**
   * Says what was done, in the same transaction.
   * @param before of what was changed
   */
  async audit(
    tx: EntityManager,
    actor: Actor,
    route: Pick<RouteDefinition, 'id'>,
    entry: KnowledgeEntry,
    before?: KnowledgeEntry,
  ): Promise<void> {
    const { id, botId } = entry;
    const about = { resourceType: 'knowledge', resourceId: id, botId };
    const facts = { after: factsOf(entry), ...(before && { before: factsOf(before) }) };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, { ...about, ...facts })));
  }
}

/** What an entry is, as the audit log tells it. */
const factsOf = ({ origin, source, title, everyHours, bytes, texts }: KnowledgeEntry) => ({
  origin,
  source,
  ...(title && { title }),
  ...(origin === 'page' && { everyHours }),
  ...(origin === 'file' && { bytes }),
  ...(texts && { texts }),
});

/** A question with its answer in one language, as it is searched: it is a heading with what stands below it. */
function documentOf({ locale, question, answer }: FaqText): SplitDocument {
  const title = localized(FAQ_TITLE, locale);
  return { ...splitSections(question, { title, sections: [{ heading: question, text: answer }] }), locale };
}

function splitEntry({ source, title, origin }: KnowledgeEntry, text: string): SplitDocument {
  const split = splitDocument(origin === 'page' ? nameOfPage(source) : source, text);
  return title ? { ...split, title } : split;
}

/** `https://example.com/delivery/` → `example.com/delivery`; with an ending, which is no part of a title. */
function nameOfPage(address: string): string {
  const { hostname, pathname } = new URL(address);
  const name = `${hostname}${decodeURI(pathname).replace(/\/$/, '')}`;
  return /\.\w+$/.test(pathname) ? name : `${name}.html`;
}
