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
import { bulkhead, BulkheadRejectedError } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import type { ChatAiConfig } from '../chat-ai.config';
import { withReader } from '../documents/document-reader';
import { LIMITS } from '../documents/read-result';
import { countTokens, cutToTokens } from '../models/tokens';
import { Attachment } from './attachment.entity';
import type { AttachmentNote, AttachmentProblem } from './attachment-texts';
import { isPicture, type Picture, pictureTokens, preparePicture, UnusablePicture } from './picture';

/** As it is stored with the message it came with. */
export type AttachmentRow = Omit<Attachment, 'receivedAt' | 'notes' | 'beingRead' | 'readingMs'> & {
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
type Outcome = Pick<Attachment, 'state' | 'problem' | 'notes' | 'tokens'> & {
  readonly text?: string;
  readonly readingMs?: number;
};

const DAY_MS = 86_400_000;
/** Of one person; each may cost a minute of work. */
const FILES_A_DAY = 100;
/** Who waits for the reader holds up a turn, and the turns of others behind it: more are tried again later. */
const READER_WAITED_FOR_BY = 4;
/** Of one person; five documents as slow as may be. */
const READING_MS_A_DAY = 5 * LIMITS.readingMs;
/** An album is looked at a second time in the next turn. */
const PICTURES_KEPT_BYTES = 32 * 1024 * 1024;

/** Too many wait for the reader of documents, or it has a file of the same person: a later try may find it free. */
export class ReadersBusy extends Error {
  override readonly name = 'ReadersBusy';
}

/** Files that came with messages: read when a turn first needs them. */
@Injectable()
export class AttachmentsService {
  private readonly queue = bulkhead(1, READER_WAITED_FOR_BY);
  /** People of whom a document is read or waits for the reader: one at a time, so that nobody keeps it to themselves. */
  private readonly readFor = new Set<string>();
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
    await tx.insert(Attachment, {
      ...{ messageId, mediaId, userId, receivedAt, bytes: bytes ?? null, content, ...outcome },
      ...{ beingRead: false, readingMs: 0 },
    });
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

  /**
   * Reads a file and keeps what came of it. Throws when the file cannot be had just now, or `signal` fires.
   * @throws ReadersBusy
   */
  async read(attachment: OpenAttachment, signal: AbortSignal): Promise<OpenAttachment> {
    const { messageId, userId, mediaId, bytes, fileName } = attachment;
    const { text, readingMs = 0, ...outcome } = await this.outcomeOf(attachment, signal);
    const content = { fileName, text };
    const sealed = await unlessErased(this.seal(this.db.manager, attachment, content));
    const kept = { ...outcome, readingMs, beingRead: false };
    if (sealed) await this.db.manager.update(Attachment, messageId, { ...kept, content: sealed });
    return { messageId, userId, mediaId, bytes, ...outcome, ...content };
  }

  /** A picture that was read before; undefined when it cannot be had any more. Throws when it cannot be had just now. */
  async picture({ mediaId, bytes }: OpenAttachment, signal: AbortSignal): Promise<Picture | undefined> {
    const known = this.pictures.get(mediaId);
    if (known) return known;
    try {
      return await this.prepared(mediaId, await this.fetch(mediaId, bytes, signal), { signal });
    } catch (error) {
      if (error instanceof UnusablePicture || error instanceof NotToBeHad) return undefined;
      throw error;
    }
  }

  private async outcomeOf(attachment: OpenAttachment, signal: AbortSignal): Promise<Outcome> {
    const { messageId, mediaId, bytes: told } = attachment;
    let isBegun = false;
    const begin = async (problem: AttachmentProblem) => {
      await this.begin(messageId, problem);
      isBegun = true;
    };
    try {
      const bytes = await this.fetch(mediaId, told, signal);
      if (!isPicture(bytes)) return await this.readDocument(attachment, bytes, signal, () => begin('file_too_complex'));
      const picture = await this.prepared(mediaId, bytes, { signal, before: () => begin('picture_unreadable') });
      return { state: 'picture', problem: null, notes: [], tokens: pictureTokens(picture) };
    } catch (error) {
      if (error instanceof UnusablePicture || error instanceof NotToBeHad) return unreadable(error.problem);
      // This process has outlived it.
      if (isBegun) await this.db.manager.update(Attachment, messageId, { beingRead: false });
      throw error;
    }
  }

  /** Noted before it is decoded: a file that takes its process with it is not opened by the next one. */
  private async begin(messageId: string, problem: AttachmentProblem): Promise<void> {
    const { affected } = await this.db.manager.update(Attachment, { messageId, beingRead: false }, { beingRead: true });
    if (affected === 0) throw new NotToBeHad(problem);
  }

  private async prepared(
    mediaId: string,
    bytes: Buffer,
    options: Parameters<typeof preparePicture>[1],
  ): Promise<Picture> {
    const picture = await preparePicture(bytes, options);
    this.pictures.set(mediaId, picture);
    return picture;
  }

  private async readDocument(
    { userId, fileName = '' }: OpenAttachment,
    bytes: Buffer,
    signal: AbortSignal,
    begin: () => Promise<void>,
  ): Promise<Outcome> {
    if (this.readFor.has(userId)) throw new ReadersBusy('a file of this person is being read');
    this.readFor.add(userId);
    try {
      if ((await this.readToday(userId)) >= READING_MS_A_DAY) return unreadable('too_many_files');
      return await this.queue.execute(() => this.readByReader(fileName, bytes, signal, begin), signal);
    } catch (error) {
      throw error instanceof BulkheadRejectedError ? new ReadersBusy('the reader is busy', { cause: error }) : error;
    } finally {
      this.readFor.delete(userId);
    }
  }

  private async readToday(userId: string): Promise<number> {
    const since = new Date(this.clock.now().getTime() - DAY_MS);
    return (await this.db.manager.sum(Attachment, 'readingMs', { userId, receivedAt: MoreThan(since) })) ?? 0;
  }

  private async readByReader(
    fileName: string,
    bytes: Buffer,
    signal: AbortSignal,
    begin: () => Promise<void>,
  ): Promise<Outcome> {
    // One for each file: nothing of a person's file is left in memory where another's is read.
    const { result, readingMs } = await withReader(signal, async (reader) => {
      await begin();
      const startedAt = performance.now();
      const result = await reader.read(fileName, bytes);
      return { result, readingMs: Math.round(performance.now() - startedAt) };
    });
    if ('problem' in result) return { ...unreadable(result.problem), readingMs };
    const text = cutToTokens(result.text, this.config.CHAT_AI_DOCUMENT_TOKENS);
    const notes = text.length < result.text.length ? [...result.notes, 'text_cut' as const] : result.notes;
    const tokens = countTokens(text);
    return { state: 'document', problem: null, notes: [...new Set(notes)], tokens, text, readingMs };
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
