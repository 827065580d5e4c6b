import type { EntityManager } from 'typeorm';
import type { ChatContext } from '../contacts/contacts.service';
import type { Values } from '../texts/catalogue';
import type { Product } from './product';
import type { Screen } from './screen';
import type { ScreensService } from './screens.service';

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
    /** The message of the person, or the one that carries the button they pressed. */
    readonly source: { readonly messageId?: string; readonly isPress: boolean },
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

  /** The same in the words of another product. */
  as(product: Product): Conversation {
    return new Conversation(this.tx, this.context, product, this.source, this.screens);
  }

  /** A text of the product in the person's language, or as the bot wants it said. */
  say(key: string, values?: Values): string {
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
