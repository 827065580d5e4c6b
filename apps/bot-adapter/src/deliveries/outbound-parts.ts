import { Injectable } from '@nestjs/common';
import { FieldCipher, ServiceClient } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { Channel, OutboundMessage, SendOptions } from '../channels/channel';
import { NotSent, Rejected } from '../channels/channel-errors';
import { parseMarkdown } from '../rich-text/parse-markdown';
import { plainText } from '../rich-text/rich-text';
import { StreamRow } from '../streaming/stream.entity';
import { say } from '../texts/texts';
import { CONTENT_PLACE, DeliveryContent } from './delivery-content';
import type { Delivery } from './delivery.entity';

/** The next message of a delivery. */
export interface Part {
  readonly message: OutboundMessage;
  readonly options: SendOptions;
  /** Messages in the whole delivery. */
  readonly of: number;
}

/** Turns what is stored into messages of a channel, one by one. */
@Injectable()
export class OutboundParts {
  /** A long answer goes out over a minute or more; it is not formatted anew for each of its messages. */
  private readonly formatted = new LRUCache<string, OutboundMessage[]>({ max: 200 });

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
        return only(channel.compose({ text: plainText(text), ...(buttons && { buttons }) }), {
          ...(edits && { edits }),
        });
      }
      case 'voice': {
        const audio = await this.services
          .getBytes('tts-worker', `/audio/${content.audioId}`)
          .catch((error: unknown) => {
            throw new NotSent('the audio cannot be had just now', { cause: error });
          });
        if (!audio) throw new Rejected('the audio is gone');
        const { durationMs } = content;
        const media = {
          kind: 'voice',
          bytes: audio.body,
          mimeType: 'audio/ogg',
          fileName: 'answer.ogg',
          durationMs,
        } as const;
        return only(channel.compose({ media }));
      }
      case 'text':
        return this.nextOfText(delivery, content, channel);
    }
  }

  private async nextOfText(
    { id, causeId, nextPart }: Delivery,
    { markdown, locale, listenId }: DeliveryContent & { kind: 'text' },
    channel: Channel,
  ): Promise<Part> {
    const buttons = listenId ? { buttons: [[{ label: say(locale, 'listen'), data: listenId }]] } : {};
    const composed = () => {
      const messages = channel.compose({ text: parseMarkdown(markdown), ...buttons });
      return messages.length > 0
        ? messages
        : channel.compose({ text: plainText(say(locale, 'emptyAnswer')), ...buttons });
    };
    const parts = this.formatted.get(id) ?? composed();
    this.formatted.set(id, parts);
    const message = parts[nextPart];
    if (!message) throw new Rejected(`there is no part ${nextPart}`);
    const stream = nextPart === 0 ? await this.db.manager.findOneBy(StreamRow, { replyId: causeId }) : null;
    return { message, options: stream ? { edits: stream.externalMessageId } : {}, of: parts.length };
  }
}

function only([message]: OutboundMessage[], options: SendOptions = {}): Part {
  if (!message) throw new Rejected('there is nothing to be seen in it');
  return { message, options, of: 1 };
}
