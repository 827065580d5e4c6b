import { Injectable } from '@nestjs/common';
import { BotsRegistry, Jobs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { TextsSection } from '../bots/bot-sections';
import { ChannelsService } from '../channels/channels.service';
import { labelsFor } from '../channels/spell-out';
import { type ChatContext, ContactsService } from '../contacts/contacts.service';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { shorten } from '../rich-text/cut-points';
import { type Catalogue, shared, type Values } from '../texts/catalogue';
import { AnswerPress, ButtonsJobs } from './buttons.jobs';
import { ButtonsService } from './buttons.service';
import { Conversation, type ScreenPlace } from './conversation';
import { DialogsService } from './dialogs.service';
import type { Product } from './product';
import { isPressable, type Screen, type ScreenButton, toChannel } from './screen';

/** The name under which buttons of the kit itself are kept. */
export const KIT = 'dialogs';
export const CANCEL = 'cancel';
/** Does what a link of the bot does. */
export const FOLLOW = 'follow';
/** Of a person who wants no news any more. */
export const NEWS_OFF = 'newsOff';

/** Telegram soon forgets a press, so there is no use in many tries. */
const ANSWER_ATTEMPTS = 3;

/** Turns screens of products into buttons, dialogs and deliveries. */
@Injectable()
export class ScreensService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly contacts: ContactsService,
    private readonly buttons: ButtonsService,
    private readonly dialogs: DialogsService,
    private readonly deliveries: DeliveriesService,
    private readonly jobs: Jobs,
    private readonly presses: ButtonsJobs,
  ) {}

  say(
    { bot, chat }: Pick<ChatContext, 'bot' | 'chat'>,
    texts: Catalogue,
    key: string | readonly string[],
    values?: Values,
  ): string {
    return texts.say(chat.locale, key, values, this.bots.section(bot.id, 'texts', TextsSection));
  }

  /**
   * The conversation that a place was taken of, in another transaction; undefined when the chat, the person or the bot is gone.
   * @param how `causeId`: with it the first screen that is shown is shown once; `isLocked`: holds the chat's row until `tx` ends, as
   * whoever asks something has to
   */
  async reopen(
    tx: EntityManager,
    { chatId, userId, threadId, messageId }: ScreenPlace,
    product: Product,
    { causeId, isLocked = false }: { causeId?: string; isLocked?: boolean } = {},
  ): Promise<Conversation | undefined> {
    const context = await this.contacts.recall(tx, { chatId, userId, ...(threadId && { threadId }) }, isLocked);
    const source = { isPress: messageId !== undefined, ...(messageId && { messageId }), ...(causeId && { causeId }) };
    return context && new Conversation(tx, context, product, source, this);
  }

  /** How far the person is in dialogs there: another number once they have begun one, or gone on in it. */
  async progressOf(tx: EntityManager, { chatId, userId }: ScreenPlace): Promise<number> {
    return (await this.dialogs.find(tx, { chat: { id: chatId }, contact: { userId } }))?.revision ?? 0;
  }

  async show(conversation: Conversation, screen: Screen, { inPlace }: { inPlace: boolean }): Promise<void> {
    await this.deliver(conversation, screen, { inPlace });
  }

  async ask(conversation: Conversation, step: string, screen: Screen, data: unknown): Promise<void> {
    const { tx, context, product } = conversation;
    if (!product.steps?.[step]) throw new Error(`the product ${product.name} has no step ${step}`);
    const revision = await this.dialogs.open(tx, context, product.name, step, data);
    const label = this.say(context, shared, 'cancel');
    if (this.capabilitiesOf(context)?.buttons === false) {
      // A numbered "1. Cancel" would take the answer "1" away from the step.
      const text = `${screen.text}\n\n${this.say(context, shared, 'cancelHint', { label })}`;
      await this.deliver(conversation, { ...screen, text }, { revision, inPlace: true });
      const owned = [{ product: KIT, action: CANCEL }];
      const [id] = await this.buttons.create(tx, owned, {
        chatId: context.chat.id,
        userId: context.contact.userId,
        revision,
      });
      return this.dialogs.offer(tx, context, { keys: { [label.toLowerCase()]: id! } });
    }
    const cancel: ScreenButton = { label, action: CANCEL };
    const buttons = [...(screen.buttons ?? []), [cancel]];
    await this.deliver(conversation, { ...screen, buttons }, { revision, inPlace: true });
  }

  finish({ tx, context }: Conversation): Promise<boolean> {
    return this.dialogs.close(tx, context);
  }

  /** Answers a press: the button stops turning. */
  async answerPress({ toasted, isRecording, context, tx }: Conversation, pressId: string): Promise<void> {
    await this.answer(tx, context, pressId, toasted, isRecording);
  }

  async answer(
    tx: EntityManager,
    { bot, address }: ChatContext,
    pressId: string,
    text?: string,
    isRecording = false,
  ): Promise<void> {
    const { externalId, threadId } = address;
    const press = this.presses.seal(bot.id, {
      pressId,
      ...(text && { text: shorten(text, 200) }),
      ...(isRecording && { recordingIn: { externalId, ...(threadId && { threadId }) } }),
    });
    await this.jobs.add(tx, AnswerPress, press, { maxAttempts: ANSWER_ATTEMPTS });
  }

  private capabilitiesOf({ bot }: ChatContext) {
    return this.channels.find(bot.id)?.capabilities;
  }

  private async deliver(
    { tx, context, product, source }: Conversation,
    screen: Screen,
    { inPlace, revision }: { inPlace: boolean; revision?: number },
  ): Promise<void> {
    const { bot, chat, contact, address } = context;
    const rows = screen.buttons ?? [];
    const channel = this.channels.find(bot.id);
    const capabilities = channel?.capabilities;
    if (channel && !channel.payments && rows.flat().some((button) => 'invoice' in button)) {
      throw new Error(
        `the product ${product.name} asks for money by a button, which the channel of the bot ${bot.id} cannot take`,
      );
    }
    const where = {
      chatId: chat.id,
      ...(screen.forEverybody || chat.kind === 'private' ? {} : { userId: contact.userId }),
      ...(revision !== undefined && { revision }),
      once: screen.once ?? false,
    };
    const pressable = rows.flat().filter(isPressable);
    const owned = pressable.map(({ action, data }) => ({
      product: action === CANCEL ? KIT : product.name,
      action,
      data,
    }));
    const ids = await this.buttons.create(tx, owned, where);
    const idOf = new Map(pressable.map((button, i) => [button, ids[i]]));
    const keyboard = await this.keyboardOf(tx, context, product.name, screen, where.chatId);

    if (capabilities && !(capabilities.buttons && capabilities.pressesStay)) {
      const labels = pressable.map(({ label }) => label);
      // Nobody types a number that they do not see.
      const isNumbered = !capabilities.buttons && !labelsFor(labels, capabilities.choices);
      await this.dialogs.offer(tx, context, {
        numbers: isNumbered ? ids : [],
        labels: Object.fromEntries(labels.map((label, i) => [label.replace(/^✓ /, '').toLowerCase(), ids[i]!])),
      });
    }
    const isNew = !inPlace || screen.qr !== undefined;
    const edits = !isNew && source.isPress && capabilities?.edits ? source.messageId : undefined;
    const replyTo = chat.kind === 'group' && !source.isPress ? source.messageId : undefined;
    const said = {
      text: screen.text,
      ...(screen.format && { format: screen.format }),
      ...(rows.length > 0 && {
        buttons: rows.map((row) =>
          row.map((button) => toChannel(button, isPressable(button) ? idOf.get(button) : undefined)),
        ),
      }),
      place: {
        chatHash: chat.externalHash,
        ...(address.threadId && { threadId: address.threadId }),
        ...(replyTo && { replyTo }),
      },
    };
    await this.deliveries.queue(tx, {
      ...{ chatId: chat.id, userId: contact.userId, causeId: source.causeId ?? uuidv7() },
      content:
        screen.qr === undefined
          ? { kind: 'notice', ...said, ...(keyboard && { keyboard }), ...(edits && { edits }) }
          : { kind: 'picture', ...said, qr: screen.qr },
    });
  }

  /** A key of a keyboard says its label; what it does is kept beside the dialog. */
  private async keyboardOf(
    tx: EntityManager,
    context: ChatContext,
    product: string,
    { keyboard }: Screen,
    chatId: string,
  ) {
    if (!keyboard) return undefined;
    if (keyboard === 'remove') {
      await this.dialogs.offer(tx, context, { keys: {} });
      return keyboard;
    }
    const keys = keyboard.rows.flat();
    const acting = keys.flatMap(({ label, action, data }) => (action ? [{ label, product, action, data }] : []));
    const ids = await this.buttons.create(tx, acting, { chatId, userId: context.contact.userId });
    await this.dialogs.offer(tx, context, {
      keys: Object.fromEntries(acting.map(({ label }, i) => [label.toLowerCase(), ids[i]!])),
    });
    return {
      rows: keyboard.rows.map((row) => row.map(({ label, webApp }) => ({ label, ...(webApp && { webApp }) }))),
      ...(keyboard.once && { once: true }),
    };
  }
}
