import { Injectable } from '@nestjs/common';
import { type Actor, AddFaq, ChangeFaq, type ListFaq, type ReadFaq } from '@switchboard/contracts';
import { type AnswerOf, Cursors, type IfMatch, type Page, type RequestOf } from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { KnowledgeDocumentNotFound, KnowledgeEntriesService } from './knowledge-entries.service';
import { type FaqText, KnowledgeEntry } from './knowledge-entry.entity';

type Faq = AnswerOf<typeof ReadFaq>;

/** Questions that are often asked, with their answers. */
@Injectable()
export class FaqService {
  constructor(
    private readonly assistants: AssistantsService,
    private readonly entries: KnowledgeEntriesService,
    private readonly cursors: Cursors,
  ) {}

  async add(tx: EntityManager, botId: string, texts: FaqText[], actor: Actor): Promise<Faq> {
    this.assistants.require(botId);
    await this.entries.holdRoom(tx, botId);
    const changed = this.entries.changedBy(actor, { revision: 0 });
    const entry = tx.create(KnowledgeEntry, {
      ...{ id: uuidv7(), botId, origin: 'faq', state: 'settled', source: texts[0]!.question, texts, notes: [] },
      ...{ createdAt: changed.changedAt, ...changed },
    });
    await tx.insert(KnowledgeEntry, entry);
    await this.entries.index(tx, entry, null);
    await this.entries.audit(tx, actor, AddFaq, entry);
    return shown({ ...entry, deletedAt: null });
  }

  /** The one added last first. */
  async list(tx: EntityManager, request: RequestOf<typeof ListFaq>): Promise<Page<Faq>> {
    const { botId } = request.params;
    const query = tx.createQueryBuilder(KnowledgeEntry, 'entry').where({ botId, origin: 'faq', deletedAt: IsNull() });
    const { data, page } = await this.cursors.select(request, query, ['id']);
    return { data: data.map(shown), page };
  }

  async read(tx: EntityManager, botId: string, documentId: string): Promise<Faq> {
    const entry = await tx.findOneBy(KnowledgeEntry, { botId, id: documentId, origin: 'faq' });
    if (!entry) throw new KnowledgeDocumentNotFound(documentId);
    return shown(entry);
  }

  async change(
    tx: EntityManager,
    { botId, documentId }: { botId: string; documentId: string },
    texts: FaqText[],
    { seen, actor }: { seen: IfMatch; actor: Actor },
  ): Promise<Faq> {
    const entry = await this.entries.lockPresent(tx, botId, documentId, 'faq');
    seen.check(entry.revision, shown(entry));
    const change = { texts, source: texts[0]!.question, ...this.entries.changedBy(actor, entry) };
    await tx.update(KnowledgeEntry, entry.id, change);
    const changed = { ...entry, ...change };
    await this.entries.index(tx, changed, null);
    await this.entries.audit(tx, actor, ChangeFaq, changed, entry);
    return shown(changed);
  }
}

const shown = ({ id, texts, changedAt, changedBy, deletedAt, revision }: KnowledgeEntry): Faq => ({
  id,
  texts: [...(texts ?? [])],
  changedAt,
  changedBy,
  deletedAt,
  revision,
});
