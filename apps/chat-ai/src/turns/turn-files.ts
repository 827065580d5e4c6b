import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '@switchboard/service-kit';
import { remarkOn } from '../attachments/attachment-texts';
import { AttachmentsService } from '../attachments/attachments.service';
import type { OpenTurn, TurnMessage } from './open-turns.service';
import type { ChatMessage } from '../models/chat-model';
import type { Context, ContextMessage } from './turn-context';

/** What a turn does with the files that came with its messages. */
@Injectable()
export class TurnFiles {
  constructor(
    private readonly attachments: AttachmentsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Reads the files that are to be answered, one after the other: each lies in memory while it is read. Throws when one cannot be had just now, or `signal` fires. */
  async read(turn: OpenTurn, signal: AbortSignal): Promise<OpenTurn> {
    const question: TurnMessage[] = [];
    for (const message of turn.question) {
      const { attachment } = message;
      const isUnread = attachment?.state === 'unread';
      question.push(isUnread ? { ...message, attachment: await this.attachments.read(attachment, signal) } : message);
    }
    const [first, ...more] = question;
    return { ...turn, question: [first!, ...more] };
  }

  /** What the model is sent. Throws when a picture that is asked about cannot be had just now, or `signal` fires. */
  async withPictures({ messages }: Context, { question }: OpenTurn, signal: AbortSignal): Promise<ChatMessage[]> {
    const asked = new Set(question.map(({ attachment }) => attachment?.mediaId));
    const shown: ChatMessage[] = [];
    for (const { picture, ...message } of messages) {
      const seen = picture && (await this.pictureOf(picture, asked.has(picture.mediaId), signal));
      shown.push(seen ? { ...message, pictures: [seen] } : message);
    }
    return shown;
  }

  private async pictureOf(picture: NonNullable<ContextMessage['picture']>, isAsked: boolean, signal: AbortSignal) {
    try {
      return await this.attachments.picture(picture, signal);
    } catch (error) {
      if (isAsked || signal.aborted) throw error;
      // It helps to understand the question, and is no condition.
      this.log.info({ err: error, mediaId: picture.mediaId }, 'an earlier picture cannot be shown to the model');
      return undefined;
    }
  }
}

/** What the person is to know about files they sent, in Markdown. */
export function remarksOn({ question, locale }: OpenTurn): string[] {
  const remarks = question.flatMap(({ attachment }) => (attachment && remarkOn(attachment, locale)) ?? []);
  return [...new Set(remarks)];
}
