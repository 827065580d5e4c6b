import { Injectable } from '@nestjs/common';
import { ReadAudio } from '@switchboard/contracts';
import { FieldCipher, isProblem, ServiceClient } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { Channel, Outbound } from '../channels/channel';
import { NotSent, Rejected } from '../channels/channel-errors';
import { formatMarkdown } from '../formatting/markdown-to-entities';
import { splitMessage } from '../formatting/split-message';
import type { FormattedText } from '../formatting/telegram-entity';
import { StreamRow } from '../streaming/stream.entity';
import { say } from '../texts/texts';
import { CONTENT_PLACE, DeliveryContent } from './delivery-content';
import type { Delivery } from './delivery.entity';

/** The next message of a delivery. */
export interface Part {
  readonly outbound: Outbound;
  /** Messages in the whole delivery. */
  readonly of: number;
}

/** Turns what is stored into messages of a channel, one by one. */
@Injectable()
export class OutboundParts {
  /** A long answer goes out over a minute or more; it is not formatted anew for each of its messages. */
  private readonly formatted = new LRUCache<string, FormattedText[]>({ max: 200 });

  constructor(
    private readonly db: DataSource,
    private readonly cipher: FieldCipher,
    private readonly services: ServiceClient,
  ) {}

  /** Throws Rejected when there is nothing that could be sent, and NotSent when there may be later. */
  async next(delivery: Delivery, channel: Channel): Promise<Part> {
    const content = DeliveryContent.parse(JSON.parse(this.cipher.decrypt(delivery.content, CONTENT_PLACE)));
    switch (content.kind) {
      case 'notice': {
        const { text, buttons, edits } = content;
        return {
          outbound: {
            kind: 'text',
            content: { text, entities: [] },
            ...(buttons && { buttons }),
            ...(edits && { edits }),
          },
          of: 1,
        };
      }
      case 'voice': {
        const audio = await this.audio(content.audioId);
        return { outbound: { kind: 'voice', audio, durationMs: content.durationMs }, of: 1 };
      }
      case 'text':
        return this.nextOfText(delivery, content, channel);
    }
  }

  private async audio(audioId: string): Promise<Buffer> {
    try {
      const audio = await this.services.call(ReadAudio, { params: { audioId } });
      return await audio.buffer();
    } catch (error) {
      if (isProblem(error, ReadAudio, 'tts-worker.audio_not_found')) throw new Rejected('the audio is gone');
      throw new NotSent('the audio cannot be had just now', { cause: error });
    }
  }

  private async nextOfText(
    { id, causeId, nextPart }: Delivery,
    { markdown, locale, listenId }: DeliveryContent & { kind: 'text' },
    { capabilities }: Channel,
  ): Promise<Part> {
    const parts = this.formatted.get(id) ?? messages(markdown, capabilities.textLimit, say(locale, 'emptyAnswer'));
    this.formatted.set(id, parts);
    const content = parts[nextPart];
    if (!content) throw new Rejected(`there is no part ${nextPart}`);
    const isLast = nextPart === parts.length - 1;
    const stream = nextPart === 0 ? await this.db.manager.findOneBy(StreamRow, { replyId: causeId }) : null;
    const outbound: Outbound = {
      kind: 'text',
      content,
      ...(isLast && listenId && { buttons: [[{ label: say(locale, 'listen'), data: listenId }]] }),
      ...(stream && { edits: stream.externalMessageId }),
    };
    return { outbound, of: parts.length };
  }
}

function messages(markdown: string, limit: number, whenEmpty: string): FormattedText[] {
  const parts = splitMessage(formatMarkdown(markdown), limit);
  return parts.length > 0 ? parts : [{ text: whenEmpty, entities: [] }];
}
