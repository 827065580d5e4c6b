import { Inject, Injectable } from '@nestjs/common';
import { type MediaRef, ReadMedia } from '@switchboard/contracts';
import {
  Clock,
  CONFIG,
  DownloadTooLarge,
  isProblem,
  PersonalData,
  type PersonalRow,
  ServiceClient,
  unlessErased,
} from '@switchboard/service-kit';
import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import type { ChatAiConfig } from '../chat-ai.config';
import { DocumentReader } from '../knowledge/documents/document-reader';
import { LIMITS } from '../knowledge/documents/read-result';
import { countTokens, cutToTokens } from '../models/tokens';
import { Attachment } from './attachment.entity';
import type { AttachmentNote, AttachmentProblem } from './attachment-texts';
import { isPicture, type Picture, pictureTokens, preparePicture, UnusablePicture } from './picture';

/** As it is stored with the message it came with. */
export type AttachmentRow = Omit<Attachment, 'receivedAt' | 'notes'> & {
  readonly notes: readonly AttachmentNote[];
};

interface Content {
  readonly fileName?: string | undefined;
  /** Of a document that was read. */
  readonly text?: string | undefined;
}

/** With its content decrypted, as soon as somebody looks at it. */
export type OpenAttachment = Omit<AttachmentRow, 'content'> & Content;
export type AttachmentReader = (row: AttachmentRow) => OpenAttachment | undefined;

/** What came of reading one. */
type Outcome = Pick<Attachment, 'state' | 'problem' | 'notes' | 'tokens'> & { readonly text?: string };

const DAY_MS = 86_400_000;
/** Of one person; each may cost a minute of work. */
const FILES_A_DAY = 100;
/** Readers of documents are processes of their own, each with up to half a gigabyte. */
const READERS = 2;
const READERS_WAITED_FOR = 100;
/** An album is looked at a second time in the next turn. */
const PICTURES_KEPT_BYTES = 32 * 1024 * 1024;

/** Files that came with messages: read when a turn first needs them. */
@Injectable()
export class AttachmentsService {
  private readonly readers = bulkhead(READERS, READERS_WAITED_FOR);
  private readonly pictures = new LRUCache<string, Picture>({
    maxSize: PICTURES_KEPT_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length,
  });

  constructor(
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly services: ServiceClient,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
  ) {}

  async remember(
    tx: EntityManager,
    { messageId, userId }: { messageId: string; userId: string },
    { mediaId, fileName, bytes }: MediaRef,
  ): Promise<void> {
    const receivedAt = this.clock.now();
    const since = new Date(receivedAt.getTime() - DAY_MS);
    const sentToday = await tx.countBy(Attachment, { userId, receivedAt: MoreThan(since) });
    const { text: _, ...outcome } = sentToday < FILES_A_DAY ? UNREAD : unreadable('too_many_files');
    const content = await this.seal(tx, { messageId, userId }, { fileName });
    await tx.insert(Attachment, { messageId, mediaId, userId, receivedAt, bytes: bytes ?? null, content, ...outcome });
  }

  /** Fetches the keys of all these files, so that each can be opened when it is wanted. */
  async reader(tx: EntityManager, rows: readonly AttachmentRow[]): Promise<AttachmentReader> {
    if (rows.length === 0) return () => undefined;
    const decrypt = await this.personal.decrypter(
      tx,
      rows.map(({ content }) => content),
    );
    return ({ content: sealed, ...row }) => {
      let opened: Content | undefined;
      const open = () => (opened ??= JSON.parse(decrypt(rowOf(row), { content: sealed }).content ?? '{}') as Content);
      return {
        ...row,
        get fileName() {
          return open().fileName;
        },
        get text() {
          return open().text;
        },
      };
    };
  }

  /** Reads a file and keeps what came of it. Throws when the file cannot be had just now, or `signal` fires. */
  async read(attachment: OpenAttachment, signal: AbortSignal): Promise<OpenAttachment> {
    const { messageId, userId, mediaId, bytes, fileName } = attachment;
    const { text, ...outcome } = await this.outcomeOf(attachment, signal);
    const content = { fileName, text };
    const sealed = await unlessErased(this.seal(this.db.manager, attachment, content));
    if (sealed) await this.db.manager.update(Attachment, messageId, { ...outcome, content: sealed });
    return { messageId, userId, mediaId, bytes, ...outcome, ...content };
  }

  /** A picture that was read before; undefined when it cannot be had any more. Throws when it cannot be had just now. */
  async picture({ mediaId, bytes }: OpenAttachment, signal: AbortSignal): Promise<Picture | undefined> {
    const known = this.pictures.get(mediaId);
    if (known) return known;
    try {
      return await this.prepared(mediaId, await this.fetch(mediaId, bytes, signal));
    } catch (error) {
      if (error instanceof UnusablePicture || error instanceof NotToBeHad) return undefined;
      throw error;
    }
  }

  private async outcomeOf({ mediaId, bytes: told, fileName }: OpenAttachment, signal: AbortSignal): Promise<Outcome> {
    try {
      const bytes = await this.fetch(mediaId, told, signal);
      if (!isPicture(bytes)) return await this.readDocument(bytes, fileName, signal);
      return { state: 'picture', problem: null, notes: [], tokens: pictureTokens(await this.prepared(mediaId, bytes)) };
    } catch (error) {
      if (error instanceof UnusablePicture || error instanceof NotToBeHad) return unreadable(error.problem);
      throw error;
    }
  }

  private async prepared(mediaId: string, bytes: Buffer): Promise<Picture> {
    const picture = await preparePicture(bytes);
    this.pictures.set(mediaId, picture);
    return picture;
  }

  private readDocument(bytes: Buffer, fileName: string | undefined, signal: AbortSignal): Promise<Outcome> {
    return this.readers.execute(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'attachment-'));
      // One for each file: nothing of a person's file is left in memory where another's is read.
      const reader = new DocumentReader();
      const stop = () => void reader.close();
      signal.addEventListener('abort', stop, { once: true });
      try {
        // The name of a sender's file may say anything; only its extension is looked at.
        const file = join(folder, `file${extname(fileName ?? '').replaceAll(/[^.\w]/g, '')}`);
        await writeFile(file, bytes);
        const result = await reader.read(file, bytes.length);
        // The reader was stopped: what it says of the file is not true.
        signal.throwIfAborted();
        if ('problem' in result) return unreadable(result.problem);
        const text = cutToTokens(result.text, this.config.CHAT_AI_DOCUMENT_TOKENS);
        const notes = text.length < result.text.length ? [...result.notes, 'text_cut' as const] : result.notes;
        return { state: 'document', problem: null, notes: [...new Set(notes)], tokens: countTokens(text), text };
      } finally {
        signal.removeEventListener('abort', stop);
        await reader.close();
        await rm(folder, { recursive: true, force: true });
      }
    }, signal);
  }

  /** @throws NotToBeHad for good; whatever else it throws may be tried again */
  private async fetch(mediaId: string, told: number | null, signal: AbortSignal): Promise<Buffer> {
    if ((told ?? 0) > LIMITS.fileBytes) throw new NotToBeHad('file_too_large');
    try {
      const file = await this.services.call(ReadMedia, { params: { mediaId } }, { signal });
      return await file.buffer({ maxBytes: LIMITS.fileBytes });
    } catch (error) {
      if (error instanceof DownloadTooLarge) throw new NotToBeHad('file_too_large');
      if (isProblem(error, ReadMedia, 'bot-adapter.media_gone')) throw new NotToBeHad('file_gone');
      if (isProblem(error, ReadMedia, 'bot-adapter.media_too_large')) throw new NotToBeHad('file_too_large');
      throw error;
    }
  }

  private async seal(
    tx: EntityManager,
    row: Pick<Attachment, 'messageId' | 'userId'>,
    content: Content,
  ): Promise<string> {
    return (await this.personal.encrypt(tx, rowOf(row), { content: JSON.stringify(content) })).content;
  }
}

const rowOf = ({ messageId: id, userId }: Pick<Attachment, 'messageId' | 'userId'>): PersonalRow => ({
  table: 'attachments',
  id,
  userId,
});

const UNREAD: Outcome = { state: 'unread', problem: null, notes: [], tokens: 0 };
const unreadable = (problem: AttachmentProblem): Outcome => ({ state: 'unreadable', problem, notes: [], tokens: 0 });

class NotToBeHad extends Error {
  constructor(readonly problem: AttachmentProblem) {
    super(problem);
  }
}
