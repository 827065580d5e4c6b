import { Inject, Injectable } from '@nestjs/common';
import {
  BlindIndex,
  Clock,
  CONFIG,
  defineJob,
  DomainError,
  Jobs,
  MEDIA_STORAGE,
  type MediaStorage,
  type PayloadOf,
  Runs,
} from '@switchboard/service-kit';
import { timingSafeEqual } from 'node:crypto';
import { DataSource } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import type { BotAdapterConfig } from '../bot-adapter.config';
import type { OutboundMedia } from './channel';

const DeletePublicFile = defineJob('delete-public-file', z.object({ fileId: z.uuid() }));

class FileLinkInvalid extends DomainError {
  constructor() {
    super('bot-adapter.file_link_invalid', 'The link to the file is wrong or has expired', 404);
  }
}

/** Channels fetch a file within seconds; some do so again when a person opens it first. */
const LINK_LIVES_MS = 3_600_000;
/** A file that is being read is not taken away. */
const DELETED_AFTER_MS = LINK_LIVES_MS + 600_000;
const MAX_ATTEMPTS = 40;
/** One part of a message is one file, however often it is tried. */
const FILES = '2b1d3a4e-5c0f-5d52-8f0a-71c2a1f0c9d4';

/** Files for channels that take a link in place of bytes: for an hour, and for whoever has the link. */
@Injectable()
export class PublicFilesService {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
    @Inject(CONFIG) private readonly config: BotAdapterConfig,
  ) {}

  /** Throws an error where nobody reaches us from outside. */
  async publish({ bytes, mimeType }: OutboundMedia, name: string): Promise<string> {
    const { BOT_ADAPTER_PUBLIC_URL: publicUrl } = this.config;
    if (!publicUrl) throw new Error('a link needs BOT_ADAPTER_PUBLIC_URL');
    const fileId = uuidv5(name, FILES);
    // Before the file: a process that dies between the two leaves nothing behind for good.
    await this.db.transaction((tx) =>
      this.jobs.add(
        tx,
        DeletePublicFile,
        { fileId },
        { key: `delete-public-file:${fileId}`, delayMs: DELETED_AFTER_MS, maxAttempts: MAX_ATTEMPTS },
      ),
    );
    await this.storage.put(keyOf(fileId), bytes, { contentType: mimeType });
    const until = Math.floor((this.clock.now().getTime() + LINK_LIVES_MS) / 1000);
    const query = new URLSearchParams({ until: String(until), signature: this.signatureOf(fileId, until) });
    return `${publicUrl.replace(/\/$/, '')}/public-files/${fileId}?${query}`;
  }

  async open(fileId: string, until: number, signature: string) {
    const isRight = isSame(signature, this.signatureOf(fileId, until));
    const isOver = until * 1000 < this.clock.now().getTime();
    const file = isRight && !isOver ? await this.storage.open(keyOf(fileId)) : undefined;
    if (!file) throw new FileLinkInvalid();
    return file;
  }

  @Runs(DeletePublicFile)
  async delete({ fileId }: PayloadOf<typeof DeletePublicFile>): Promise<void> {
    await this.storage.delete(keyOf(fileId));
  }

  private signatureOf(fileId: string, until: number): string {
    return this.index.hash('public-file', fileId, until);
  }
}

const keyOf = (fileId: string) => `public/${fileId}`;

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
