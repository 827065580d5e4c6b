import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { ChatContext } from '../contacts/contacts.service';
import type { Values } from '../texts/catalogue';
import type { Product } from './product';
import type { Screen } from './screen';
import type { ScreensService } from './screens.service';

/** Where a screen stands, for a job that shows another one in its place later. */
export const ScreenPlace = z.object({
  chatId: z.uuid(),
  userId: z.uuid(),
  threadId: z.string().optional(),
  /** Of the message that carries the pressed button; absent: a new message is shown. */
  messageId: z.string().optional(),
});
export type ScreenPlace = z.output<typeof ScreenPlace>;

/** Because of what something is said. */
export interface Source {
  /** The message of the person, or the one that carries the button they pressed. */
  readonly messageId?: string;
  readonly isPress: boolean;
  /** The same for each press of the same button. */
  readonly buttonId?: string;
  /** With it the same is said once, however often it is asked for. */
  readonly causeId?: string;
}

/** What a person has just done in a chat, with what a product may do about it. One for each update. */
export class Conversation {
  /** What the person sees for a moment on the button they pressed. */
  toasted: string | undefined;
  /** Whether the person is told that a voice is being recorded. */
  isRecording = false;

  constructor(
    readonly tx: EntityManager,
    readonly context: ChatContext,
    readonly product: Product,
    readonly source: Source,
    private readonly screens: ScreensService,
  ) {}

  get bot() {
    return this.context.bot;
  }

  get chat() {
    return this.context.chat;
  }

  get person() {
    return this.context.person;
  }

  /** For a job: what it shows takes the place of what was pressed, or comes as a new message. */
  get place(): ScreenPlace {
    const { chat, contact, address } = this.context;
    const { isPress, messageId } = this.source;
    return {
      ...{ chatId: chat.id, userId: contact.userId },
      ...(address.threadId && { threadId: address.threadId }),
      ...(isPress && messageId && { messageId }),
    };
  }

  /** The same in the words of another product. */
  as(product: Product): Conversation {
    return new Conversation(this.tx, this.context, product, this.source, this.screens);
  }

  /** A text of the product in the person's language, or as the bot wants it said. */
  say(key: string | readonly string[], values?: Values): string {
    return this.screens.say(this.context, this.product.texts, key, values);
  }

  /** Shows a screen: in the place of the one whose button was pressed, else as a new message. */
  show(screen: Screen): Promise<void> {
    return this.screens.show(this, screen, { inPlace: true });
  }

  /** Shows a screen as a new message. */
  send(screen: Screen): Promise<void> {
    return this.screens.show(this, screen, { inPlace: false });
  }

  /** A few words on the pressed button, in place of a message; 200 characters at most. */
  toast(text: string): void {
    this.toasted = text;
  }

  recording(): void {
    this.isRecording = true;
  }

  /** Asks something: the person's next message goes to this step of the product, with `data`. A button to cancel is added. */
  ask(step: string, screen: Screen, data?: unknown): Promise<void> {
    return this.screens.ask(this, step, screen, data);
  }

  /** Ends the dialog. */
  async finish(): Promise<void> {
    await this.screens.finish(this);
  }
}
