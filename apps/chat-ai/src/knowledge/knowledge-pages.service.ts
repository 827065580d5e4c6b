import { Injectable } from '@nestjs/common';
import { type Actor, AddKnowledgePage, ChangeKnowledgePage } from '@switchboard/contracts';
import { DomainError, type IfMatch } from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { KnowledgeEntriesJobs } from './knowledge-entries.jobs';
import { KnowledgeEntriesService } from './knowledge-entries.service';
import { KnowledgeEntry } from './knowledge-entry.entity';
import { PageFetcher } from './page-fetcher';

class PageKnown extends DomainError {
  constructor(documentId: string) {
    super('chat-ai.page_known', 'The page is in the knowledge base already', 409, { documentId });
  }
}

interface PageSettings {
  readonly title?: string | undefined;
  readonly everyHours?: number | null | undefined;
}

/** Pages of the web in the knowledge base: read by a job, and then again and again. */
@Injectable()
export class KnowledgePagesService {
  constructor(
    private readonly assistants: AssistantsService,
    private readonly entries: KnowledgeEntriesService,
    private readonly jobs: KnowledgeEntriesJobs,
    private readonly pages: PageFetcher,
  ) {}

  /** @returns the id of the entry */
  async add(
    tx: EntityManager,
    botId: string,
    { url, title, everyHours = null }: PageSettings & { url: string },
    actor: Actor,
  ): Promise<string> {
    this.assistants.require(botId);
    const source = this.pages.check(url);
    await this.entries.holdRoom(tx, botId);
    const same = await tx.findOneBy(KnowledgeEntry, { botId, origin: 'page', source, deletedAt: IsNull() });
    if (same) throw new PageKnown(same.id);
    const changed = this.entries.changedBy(actor, { revision: 0 });
    const entry = tx.create(KnowledgeEntry, {
      ...{ id: uuidv7(), botId, origin: 'page', state: 'waiting', source, title: title || null, everyHours, notes: [] },
      ...{ createdAt: changed.changedAt, ...changed },
    });
    await tx.insert(KnowledgeEntry, entry);
    await this.jobs.read(tx, entry);
    await this.entries.audit(tx, actor, AddKnowledgePage, entry);
    return entry.id;
  }

  async change(
    tx: EntityManager,
    { botId, documentId }: { botId: string; documentId: string },
    { title, everyHours }: PageSettings,
    { seen, actor }: { seen: IfMatch; actor: Actor },
  ): Promise<void> {
    const entry = await this.entries.lockPresent(tx, botId, documentId, 'page');
    seen.check(entry.revision);
    const change = {
      ...(title !== undefined && { title: title || null }),
      ...(everyHours !== undefined && { everyHours, nextReadAt: everyHours === null ? null : entry.nextReadAt }),
      ...this.entries.changedBy(actor, entry),
    };
    await tx.update(KnowledgeEntry, entry.id, change);
    const changed = { ...entry, ...change };
    // By another title its passages are other ones; how often it is to be read counts from now on.
    if (changed.title !== entry.title || changed.everyHours !== entry.everyHours) await this.jobs.read(tx, entry);
    await this.entries.audit(tx, actor, ChangeKnowledgePage, changed, entry);
  }

  /** Has it read now. */
  async reread(tx: EntityManager, botId: string, documentId: string): Promise<void> {
    const entry = await this.entries.lockPresent(tx, botId, documentId, 'page');
    await tx.update(KnowledgeEntry, entry.id, { state: 'waiting' });
    await this.jobs.read(tx, entry);
  }
}
