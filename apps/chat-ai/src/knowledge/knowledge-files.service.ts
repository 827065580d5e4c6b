import { Inject, Injectable } from '@nestjs/common';
import { type Actor, ReplaceKnowledgeFile, UploadKnowledgeFile } from '@switchboard/contracts';
import {
  Clock,
  DomainError,
  type FileAnswer,
  type IfMatch,
  MEDIA_STORAGE,
  type MediaStorage,
  type UploadedFile,
} from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { authorOf } from '../author';
import { KnowledgeEntriesJobs } from './knowledge-entries.jobs';
import { KnowledgeDocumentNotFound, KnowledgeEntriesService } from './knowledge-entries.service';
import { KnowledgeEntry } from './knowledge-entry.entity';

class FileEmpty extends DomainError {
  constructor() {
    super('chat-ai.file_empty', 'The file is empty', 422);
  }
}

interface FileOfStaff {
  readonly file: UploadedFile;
  readonly title: string | undefined;
  readonly actor: Actor;
}

const LONGEST_NAME = 200;

/** Files that staff add to the knowledge base: kept as they are, read by a job. */
@Injectable()
export class KnowledgeFilesService {
  constructor(
    private readonly db: DataSource,
    private readonly assistants: AssistantsService,
    private readonly entries: KnowledgeEntriesService,
    private readonly jobs: KnowledgeEntriesJobs,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
  ) {}

  /** @returns the id of the entry: of the one that is there, where the same file was added before */
  async upload(botId: string, asked: FileOfStaff): Promise<string> {
    this.assistants.require(botId);
    // Before a byte of it is read; and again, because others add as well meanwhile.
    await this.db.transaction((tx) => this.entries.holdRoom(tx, botId));
    return this.received(botId, asked, async (tx, entry) => {
      await this.entries.holdRoom(tx, botId);
      const { contentHash } = entry;
      const others = { botId, origin: 'file' as const, state: Not('receiving' as const), deletedAt: IsNull() };
      const same = await tx.findOneBy(KnowledgeEntry, { ...others, contentHash: contentHash! });
      if (same) {
        await this.discard(tx, entry);
        return same.id;
      }
      await tx.update(KnowledgeEntry, entry.id, { ...entry, state: 'waiting' });
      await this.jobs.read(tx, entry);
      await this.entries.audit(tx, asked.actor, UploadKnowledgeFile, entry);
      return entry.id;
    });
  }

  /** Other bytes. What the former ones said is known until these were read. */
  async replace(
    { botId, documentId }: { botId: string; documentId: string },
    asked: FileOfStaff,
    seen: IfMatch,
  ): Promise<void> {
    const lock = async (tx: EntityManager) => {
      const entry = await this.entries.lockPresent(tx, botId, documentId, 'file');
      seen.check(entry.revision);
      return entry;
    };
    // Before a byte of it is read.
    await this.db.transaction(lock);
    await this.received(botId, asked, async (tx, { id, source, contentType, storageKey, bytes, contentHash }) => {
      const entry = await lock(tx);
      const { title, actor } = asked;
      const change = {
        ...{ source, contentType, storageKey, bytes, contentHash, state: 'waiting' as const },
        ...(title !== undefined && { title: title || null }),
        ...this.entries.changedBy(actor, entry),
      };
      await tx.delete(KnowledgeEntry, id);
      await tx.update(KnowledgeEntry, entry.id, change);
      await this.jobs.deleteFile(tx, entry.storageKey!);
      await this.jobs.read(tx, entry);
      await this.entries.audit(tx, actor, ReplaceKnowledgeFile, { ...entry, ...change }, entry);
    });
  }

  async download(botId: string, documentId: string): Promise<FileAnswer> {
    const where = { id: documentId, botId, origin: 'file' as const, state: Not('receiving' as const) };
    const entry = await this.db.manager.findOneBy(KnowledgeEntry, where);
    const file = entry?.storageKey && (await this.storage.open(entry.storageKey));
    if (!file) throw new KnowledgeDocumentNotFound(documentId);
    // Never as what it says it is: a page that somebody has uploaded would run as one of ours.
    return { body: file.body, bytes: file.bytes };
  }

  /** Takes in a file. Its row comes before its bytes, so that whatever is left of one that broke off can be found. */
  private async received<T>(
    botId: string,
    { file, title, actor }: FileOfStaff,
    settle: (tx: EntityManager, received: KnowledgeEntry) => Promise<T>,
  ): Promise<T> {
    const now = this.clock.now();
    const entry = this.db.manager.create(KnowledgeEntry, {
      ...{ id: uuidv7(), botId, origin: 'file', state: 'receiving', source: nameOf(file), title: title || null },
      ...{ contentType: file.contentType.slice(0, 200), storageKey: `knowledge/${uuidv7()}`, notes: [], revision: 1 },
      ...{ createdAt: now, changedAt: now, changedBy: authorOf(actor) },
    });
    await this.db.manager.insert(KnowledgeEntry, entry);
    try {
      Object.assign(entry, await this.store(entry.storageKey!, file));
      return await this.db.transaction((tx) => settle(tx, entry));
    } catch (error) {
      await this.db.transaction((tx) => this.discard(tx, entry));
      throw error;
    }
  }

  /** Unless it is one that counts: of a commit nobody may have heard. */
  private async discard(tx: EntityManager, { id, storageKey }: KnowledgeEntry): Promise<void> {
    const { affected } = await tx.delete(KnowledgeEntry, { id, state: 'receiving' });
    if (affected) await this.jobs.deleteFile(tx, storageKey!);
  }

  private async store(storageKey: string, { body, contentType }: UploadedFile) {
    const hash = createHash('sha256');
    async function* hashed() {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const stream = Readable.from(hashed(), { objectMode: false });
    const { bytes } = await this.storage.put(storageKey, stream, { contentType: contentType.slice(0, 200) });
    if (bytes === 0) throw new FileEmpty();
    return { bytes, contentHash: hash.digest() };
  }
}

/** Without the folders that some browsers send along. */
function nameOf({ fileName = '' }: UploadedFile): string {
  const name = fileName
    .split(/[\\/]/)
    .at(-1)!
    .replaceAll(/\p{Cc}/gu, '')
    .trim();
  return (name || 'file').slice(-LONGEST_NAME).toWellFormed();
}
