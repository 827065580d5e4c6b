import { Injectable } from '@nestjs/common';
import { ReadAudio } from '@switchboard/contracts';
import { isProblem, PersonalData, ServiceClient } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Channel, ChatAddress, OutboundMessage, SendOptions } from '../channels/channel';
import { NotSent, Rejected } from '../channels/channel-errors';
import { ChatAddresses } from '../contacts/chat-addresses';
import type { Chat } from '../contacts/chat.entity';
import { parseMarkdown } from '../rich-text/parse-markdown';
import { plainText } from '../rich-text/rich-text';
import { say } from '../texts/catalogue';
import { type Buttons, type Delivery, DeliveryContent } from './delivery.entity';
import { qrPicture } from './qr-picture';

/** The next message of a delivery. */
export interface Part {
  readonly to: ChatAddress;
  readonly message: OutboundMessage;
  readonly options: SendOptions;
  /** Messages in the whole delivery. */
  readonly of: number;
  /** Messages in whose place nothing comes: they are deleted before the last one is sent. */
  readonly obsolete: readonly string[];
}

/** The voice that was to be sent exists no more. */
export class AudioGone extends Error {
  override readonly name = 'AudioGone';
}

/** Turns what is stored into messages of a channel, one by one. */
@Injectable()
export class MessageRenderer {
  /** A long answer goes out over a minute or more; it is not formatted anew for each of its messages. */
  private readonly formatted = new LRUCache<string, OutboundMessage[]>({ max: 200 });

  constructor(
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly addresses: ChatAddresses,
    private readonly services: ServiceClient,
  ) {}

  /** Encrypts what a delivery says. Throws PersonErased. */
  async seal(tx: EntityManager, delivery: Pick<Delivery, 'id' | 'userId'>, content: DeliveryContent): Promise<string> {
    return (await this.personal.encrypt(tx, rowOf(delivery), { content: JSON.stringify(content) })).content;
  }

  /** Undefined once the person is erased. */
  async contentOf(tx: EntityManager, delivery: Delivery): Promise<DeliveryContent | undefined> {
    const { content } = await this.personal.decrypt(tx, rowOf(delivery), { content: delivery.content });
    return content === undefined ? undefined : DeliveryContent.parse(JSON.parse(content));
  }

  /**
   * Throws Rejected or AudioGone when there is nothing that could be sent, NotSent when there may be later, and
   * EncryptionKeyMissing.
   */
  async render(delivery: Delivery, chat: Chat, channel: Channel): Promise<Part> {
    const content = await this.contentOf(this.db.manager, delivery);
    if (!content) throw new Rejected('what was to be sent cannot be read any more');
    const externalId = await this.addresses.decrypt(this.db.manager, chat);
    const place = content.place?.chatHash === chat.externalHash ? content.place : undefined;
    const parts = this.formatted.get(delivery.id) ?? (await this.messagesOf(content, channel));
    if (parts.length > 1) this.formatted.set(delivery.id, parts);
    const message = parts[delivery.nextPart];
    const replaced = replacedIn(content, chat);
    // Where the chat has moved, the id is that of another message: a menu comes as a new one, buttons alone as nothing.
    const isMoved = content.place !== undefined && !place;
    if (isMoved && content.kind === 'buttons')
      throw new Rejected('the message of these buttons was in the former chat');
    const edited = 'edits' in content && !isMoved ? content.edits : undefined;
    const edits = edited ?? replaced[delivery.nextPart];
    if (!message) throw new Rejected(`there is no part ${delivery.nextPart}`);
    return {
      to: { externalId, ...(place?.threadId && { threadId: place.threadId }) },
      message,
      options: {
        key: `${delivery.id}.${delivery.nextPart}`,
        number: numberOf(delivery),
        author: delivery.author,
        ...(edits && { edits }),
        ...(place?.replyTo && delivery.nextPart === 0 && { replyTo: place.replyTo }),
      },
      of: parts.length,
      obsolete: delivery.nextPart + 1 === parts.length ? replaced.slice(parts.length) : [],
    };
  }

  private async messagesOf(content: DeliveryContent, channel: Channel): Promise<OutboundMessage[]> {
    switch (content.kind) {
      case 'text': {
        const { markdown, locale } = content;
        const messages = channel.compose({ text: parseMarkdown(markdown), ...buttonsOf(content) });
        if (messages.length > 0) return messages;
        return channel.compose({ text: plainText(say(locale, 'emptyAnswer')), ...buttonsOf(content) });
      }
      case 'staff':
        return channel.compose({ text: parseMarkdown(content.markdown) });
      case 'notice':
        return channel.compose({
          text: content.format === 'markdown' ? parseMarkdown(content.text) : plainText(content.text),
          ...buttonsOf(content),
          ...(content.keyboard && { keyboard: content.keyboard }),
        });
      case 'picture':
        return channel.compose({
          text: content.format === 'markdown' ? parseMarkdown(content.text) : plainText(content.text),
          media: { kind: 'photo', bytes: await qrPicture(content.qr), mimeType: 'image/png', fileName: 'qr.png' },
          ...buttonsOf(content),
        });
      case 'voice':
        return channel.compose({ media: await this.voice(content) });
      case 'buttons':
        return channel.compose({ buttons: content.buttons });
    }
  }

  private async voice({ audioId, durationMs }: DeliveryContent & { kind: 'voice' }) {
    const bytes = await this.services
      .call(ReadAudio, { params: { audioId } })
      .then((audio) => audio.buffer())
      .catch((error: unknown) => {
        if (isProblem(error, ReadAudio, 'tts-worker.audio_not_found'))
          throw new AudioGone(`the audio ${audioId} is gone`);
        throw new NotSent('the audio cannot be had just now', { cause: error });
      });
    return { kind: 'voice', bytes, mimeType: 'audio/ogg', fileName: 'answer.ogg', durationMs } as const;
  }
}

/** The messages that it replaces, by part. Their ids count only in the chat they were sent to, under the id it had then. */
function replacedIn(content: DeliveryContent, { externalHash }: Chat): readonly string[] {
  const replaces = content.kind === 'text' ? content.replaces : undefined;
  return replaces?.chatHash === externalHash ? replaces.messages : [];
}

/** Numbers of one delivery stand side by side; no delivery has so many messages. */
const MOST_PARTS = 256;

/** Begins anew after eight million deliveries, when no channel knows the former ones any more. */
const numberOf = ({ seq, nextPart }: Delivery) => ((Number(seq) * MOST_PARTS + nextPart) % 0x7fff_ffff) + 1;

const rowOf = ({ id, userId }: Pick<Delivery, 'id' | 'userId'>) => ({ table: 'deliveries', id, userId });

const buttonsOf = ({ buttons }: { buttons?: z.output<typeof Buttons> | undefined }) =>
  buttons?.length ? { buttons } : {};
