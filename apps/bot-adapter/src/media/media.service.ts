import { Inject, Injectable } from '@nestjs/common';
import type { MediaRef } from '@switchboard/contracts';
import {
  Clock,
  defineJob,
  DomainError,
  Jobs,
  MEDIA_STORAGE,
  type MediaStorage,
  MediaTooLarge as TooLargeForStorage,
  type PayloadOf,
  PersonalData,
  Runs,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { InboundFile } from '../channels/channel';
import { FileGone, FileTooLarge } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Media, storageKeyOf } from './media.entity';

export class MediaGone extends DomainError {
  constructor() {
    super('bot-adapter.media_gone', 'There is no such file, or the channel no longer has it', 404);
  }
}

export class MediaTooLarge extends DomainError {
  constructor() {
    super('bot-adapter.media_too_large', 'The file is larger than the channel hands out or the storage takes', 413);
  }
}

/** Fetches a file that the channel has for minutes only. */
export const FetchMedia = defineJob('fetch-media', z.object({ mediaId: z.uuid() }));

const FETCH_ATTEMPTS = 5;

/**
 * Files that came with messages: remembered at once, fetched when first asked for, or at once where the channel does not keep them,
 * then kept in our own storage.
 */
@Injectable()
export class MediaService {
  /** Several services ask for a file at once; it is fetched once. */
  private readonly fetching = new Map<string, Promise<string>>();

  constructor(
    private readonly db: DataSource,
    private readonly channels: ChannelsService,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
    private readonly jobs: Jobs,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
  ) {}

  async remember(
    tx: EntityManager,
    from: { botId: string; chatId: string; userId: string },
    file: InboundFile,
  ): Promise<MediaRef> {
    const { externalId, kind, mimeType, bytes, fileName, durationMs } = file;
    const mediaId = uuidv7();
    const receivedAt = this.clock.now();
    const row = rowOf({ id: mediaId, userId: from.userId });
    const sealed = await this.personal.encrypt(tx, row, { external_id: externalId });
    await tx.insert(Media, {
      ...from,
      id: mediaId,
      externalId: sealed.external_id,
      kind,
      mimeType,
      bytes: bytes ?? null,
      receivedAt,
    });
    if (this.channels.find(from.botId)?.capabilities.filesExpire)
      await this.jobs.add(tx, FetchMedia, { mediaId }, { maxAttempts: FETCH_ATTEMPTS });
    return {
      mediaId,
      kind,
      mimeType,
      ...(bytes !== undefined && { bytes }),
      ...(fileName && { fileName }),
      ...(durationMs !== undefined && { durationMs }),
    };
  }

  /** Throws MediaGone and MediaTooLarge. */
  async open(mediaId: string) {
    const media = await this.db.manager.findOneBy(Media, { id: mediaId });
    if (!media) throw new MediaGone();
    const file = media.storageKey ? await this.storage.open(media.storageKey) : undefined;
    // Lost storage is no loss as long as the channel still has the file.
    const opened = file ?? (await this.storage.open(await this.fetchOnce(media)));
    if (!opened) throw new MediaGone();
    return { ...opened, contentType: media.mimeType };
  }

  /** One that is gone already, or too large, stays so: whoever asks for it is told. */
  @Runs(FetchMedia)
  async fetchNow({ mediaId }: PayloadOf<typeof FetchMedia>): Promise<void> {
    const media = await this.db.manager.findOneBy(Media, { id: mediaId });
    if (!media || media.storageKey) return;
    await this.fetchOnce(media).catch((error: unknown) => {
      if (!(error instanceof MediaGone || error instanceof MediaTooLarge)) throw error;
    });
  }

  private fetchOnce(media: Media): Promise<string> {
    const running = this.fetching.get(media.id) ?? this.fetch(media).finally(() => this.fetching.delete(media.id));
    this.fetching.set(media.id, running);
    return running;
  }

  private async fetch(media: Media): Promise<string> {
    const { id, botId, mimeType, bytes: told } = media;
    const channel = this.channels.find(botId);
    if (!channel) throw new MediaGone();
    if (Number(told ?? 0) > (channel.capabilities.maxFileBytes ?? Infinity)) throw new MediaTooLarge();
    const { manager } = this.db;
    const { external_id: externalId } = await this.personal.decrypt(manager, rowOf(media), {
      external_id: media.externalId,
    });
    if (externalId === undefined) throw new MediaGone();
    const body = await channel.fetchFile(externalId).catch((error: unknown) => {
      if (error instanceof FileGone) throw new MediaGone();
      if (error instanceof FileTooLarge) throw new MediaTooLarge();
      throw error;
    });
    const storageKey = storageKeyOf(id);
    const { bytes } = await this.storage.put(storageKey, body, { contentType: mimeType }).catch((error: unknown) => {
      // What reads the file knows our codes only, and would ask for it again.
      if (error instanceof TooLargeForStorage) throw new MediaTooLarge();
      throw error;
    });
    const { affected } = await manager.update(Media, id, { storageKey, bytes, fetchedAt: this.clock.now() });
    if (!affected) {
      // Forgotten meanwhile: nobody would ever delete the file.
      await this.storage.delete(storageKey);
      throw new MediaGone();
    }
    return storageKey;
  }
}

const rowOf = ({ id, userId }: Pick<Media, 'id' | 'userId'>) => ({ table: 'media', id, userId });
