import { Injectable } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import { BotsRegistry, Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { AcceptsSection, MenuSection, TextsSection } from '../bots/bot-sections';
import type {
  FileKind,
  InboundCommand,
  InboundEdit,
  InboundMembership,
  InboundMessage,
  InboundPress,
  InboundStop,
  InboundUnsupported,
} from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import { Chat } from '../contacts/chat.entity';
import { type ChatContext, ContactsService, type TooFast } from '../contacts/contacts.service';
import { HandoversService } from '../contacts/handovers.service';
import type { InboundMessageRow } from '../contacts/inbound-message.entity';
import type { Restriction } from '../contacts/restrictions.service';
import { nearestLanguage, shared } from '../texts/catalogue';
import { momentIn } from '../texts/moment';
import { ButtonsService } from './buttons.service';
import { Conversation } from './conversation';
import type { Dialog } from './dialog.entity';
import { DialogsService } from './dialogs.service';
import type { Product } from './product';
import { CANCEL, FOLLOW, KIT, ScreensService } from './screens.service';

/** Takes whatever the bot's other products leave. */
const LAST = 'assistant';
/** Of the kit's commands those that a person has a right to also while the bot does not listen. */
const ALWAYS = ['privacy', 'language'];
const TELL_AGAIN_AFTER_MS = 3_600_000;
/** Telegram: at most 64 characters. What is longer was made up. */
export const DEEP_LINK_LIMIT = 64;

export type Routed = InboundCommand | InboundPress | InboundMessage | InboundUnsupported;

/** Gives each update to the product that wants it. */
@Injectable()
export class ProductRouter {
  private readonly products = new Map<string, Product>();

  constructor(
    private readonly bots: BotsRegistry,
    private readonly contacts: ContactsService,
    private readonly handovers: HandoversService,
    private readonly channels: ChannelsService,
    private readonly screens: ScreensService,
    private readonly buttons: ButtonsService,
    private readonly dialogs: DialogsService,
    private readonly clock: Clock,
  ) {}

  /** Products call it when they are made; that of the kit does as well. */
  register(product: Product): void {
    if (this.products.has(product.name)) throw new Error(`two products are called ${product.name}`);
    this.products.set(product.name, product);
  }

  /** For what a product shows later, out of a job. */
  find(name: string): Product | undefined {
    return this.products.get(name);
  }

  /** The products of a bot, in the order in which they are asked. */
  productsOf({ products }: Bot): Product[] {
    const names = [...products.filter((name) => name !== LAST), ...products.filter((name) => name === LAST)];
    return names.flatMap((name) => this.products.get(name) ?? []);
  }

  /** Those that work without being named, but for what the bot names itself. */
  private everywhereBut({ products }: Bot): Product[] {
    return [...this.products.values()].filter(({ name, everywhere }) => everywhere && !products.includes(name));
  }

  /** What every bot has; it also speaks where no product does. */
  private get kit(): Product {
    return this.products.get(KIT)!;
  }

  /** The commands of a bot with what they do, in one of its languages. */
  menuOf(bot: Bot, language: string): { name: string; description: string }[] {
    const { commands: chosen, own } = this.menuSection(bot);
    const overrides = this.bots.section(bot.id, 'texts', TextsSection);
    const all = new Map<string, string>();
    for (const { commands, texts } of this.withCommands(bot)) {
      for (const name of Object.keys(commands)) {
        if (!all.has(name)) all.set(name, texts.say(language, `commands.${name}`, {}, overrides));
      }
    }
    for (const [name, texts] of Object.entries(own)) {
      all.set(name, texts[nearestLanguage(Object.keys(texts), language)]!.description);
    }
    return (chosen ?? [...all.keys()]).flatMap((name) => {
      const description = all.get(name);
      return description ? [{ name, description }] : [];
    });
  }

  /** The commands of the menu with what they do, a line each; without those that lead to this list. */
  commandList({ bot, chat }: Conversation): string {
    return this.menuOf(bot, chat.locale)
      .filter(({ name }) => name !== 'start' && name !== 'help')
      .map(({ name, description }) => `/${name} – ${description}`)
      .join('\n');
  }

  async route(tx: EntityManager, context: ChatContext, inbound: Routed): Promise<void> {
    switch (inbound.kind) {
      case 'command':
        return this.command(tx, context, inbound);
      case 'press':
        return this.press(tx, context, inbound);
      case 'message':
        return this.message(tx, context, inbound);
      case 'unsupported':
        return this.notUnderstood(this.conversation(tx, context, this.kit, inbound), inbound.what, inbound.hasText);
    }
  }

  /**
   * The bot is paused: no product hears of it. What was said is held, to be routed when the bot goes on, and now and then the person
   * is told so. A press is not held: what it was about is on the screen still, to be pressed again.
   */
  async rest(tx: EntityManager, context: ChatContext, inbound: Routed): Promise<'held' | void> {
    if (await this.always(tx, context, inbound)) return undefined;
    if (inbound.kind === 'press')
      return this.screens.answer(tx, context, inbound.pressId, this.screens.say(context, shared, 'restingShort'));
    await this.tellNow(tx, this.conversation(tx, context, this.kit, inbound), (kitSays) => kitSays.say('resting'));
    return inbound.kind === 'unsupported' ? undefined : 'held';
  }

  /** The person is not listened to: no product hears of it, and nothing of it is kept. Now and then they are told so, but in groups. */
  async turnAway(tx: EntityManager, context: ChatContext, { until }: Restriction, inbound: Routed): Promise<void> {
    if (await this.always(tx, context, inbound)) return;
    if (inbound.kind === 'press')
      return this.screens.answer(tx, context, inbound.pressId, this.screens.say(context, shared, 'restricted.short'));
    if (context.chat.kind === 'group') return;
    await this.tellNow(tx, this.conversation(tx, context, this.kit, inbound), (kitSays) =>
      until
        ? kitSays.say('restricted.until', { time: momentIn(context.chat.locale, until) })
        : kitSays.say('restricted.forGood'),
    );
  }

  /** What a person has a right to whether or not the bot listens to them. True when it was that, and was done. */
  private async always(tx: EntityManager, context: ChatContext, inbound: Routed): Promise<boolean> {
    if (inbound.kind === 'press') {
      const button = await this.buttons.find(tx, context.chat.id, inbound.data);
      if (button?.product !== KIT || button.action === FOLLOW) return false;
      await this.press(tx, context, inbound);
      return true;
    }
    if (inbound.kind === 'command' && ALWAYS.includes(inbound.name)) {
      await this.kit.commands[inbound.name]!(this.conversation(tx, context, this.kit, inbound), inbound.argument);
      return true;
    }
    return inbound.kind === 'message' && (await this.typedToKit(tx, context, inbound));
  }

  /** The choice of a screen of the kit, in a channel without buttons. */
  private async typedToKit(tx: EntityManager, context: ChatContext, inbound: InboundMessage): Promise<boolean> {
    const dialog = inbound.text ? await this.dialogs.find(tx, context) : null;
    const typed = dialog && this.dialogs.choiceIn(dialog, inbound.text!);
    if (!typed || (await this.buttons.find(tx, context.chat.id, typed))?.product !== KIT) return false;
    return this.typed(tx, context, typed, inbound);
  }

  /** Why nobody listens: at most once an hour. */
  private async tellNow(
    tx: EntityManager,
    kitSays: Conversation,
    text: (kitSays: Conversation) => string,
  ): Promise<void> {
    const { chat } = kitSays;
    const now = this.clock.now();
    if (chat.restToldAt && now.getTime() - chat.restToldAt.getTime() < TELL_AGAIN_AFTER_MS) return;
    await tx.update(Chat, chat.id, { restToldAt: now });
    await kitSays.send({ text: text(kitSays) });
  }

  async edited(tx: EntityManager, bot: Bot, known: InboundMessageRow, edit: InboundEdit): Promise<void> {
    for (const product of this.productsOf(bot)) await product.edited?.(tx, known, edit);
  }

  /** The person asked the channel itself to write no more. */
  async stopped(tx: EntityManager, bot: Bot, chat: Chat, stop: InboundStop): Promise<void> {
    for (const product of this.productsOf(bot)) await product.stopped?.(tx, chat, stop);
  }

  /** The person has given an answer a reaction, or has taken it back. */
  async reacted(
    tx: EntityManager,
    bot: Bot,
    chat: Chat,
    reaction: { replyId: string; emoji: string | null },
  ): Promise<void> {
    for (const product of this.productsOf(bot)) await product.reacted?.(tx, chat, reaction);
  }

  async memberChanged(tx: EntityManager, bot: Bot, change: InboundMembership): Promise<void> {
    for (const product of this.productsOf(bot)) await product.memberChanged?.(tx, bot, change);
  }

  /** What was done is not done; the person is told, now and then. */
  async slowDown(
    tx: EntityManager,
    { context, waitSeconds, isToBeTold }: TooFast,
    inbound: Routed | InboundEdit,
  ): Promise<void> {
    const values = { seconds: waitSeconds };
    if (inbound.kind === 'press') {
      return this.screens.answer(
        tx,
        context,
        inbound.pressId,
        this.screens.say(context, shared, 'slowDownShort', values),
      );
    }
    if (!isToBeTold) return;
    const conversation = this.conversation(tx, context, this.kit, inbound);
    await conversation.send({ text: conversation.say('slowDown', values) });
  }

  private async command(tx: EntityManager, context: ChatContext, inbound: InboundCommand): Promise<void> {
    const { name, argument } = inbound;
    const wasInDialog = await this.dialogs.close(tx, context);
    if (name === 'start' && argument && (await this.follow(tx, context, inbound, argument))) return;
    const own = this.menuSection(context.bot).own[name];
    const kitSays = this.conversation(tx, context, this.kit, inbound);
    if (own) {
      const { text } = own[nearestLanguage(Object.keys(own), context.chat.locale)]!;
      return kitSays.send({ text, format: 'markdown' });
    }
    const product = this.withCommands(context.bot).find(({ commands }) => Object.hasOwn(commands, name));
    if (product) return product.commands[name]!(this.conversation(tx, context, product, inbound), argument);
    if (name === CANCEL) return kitSays.send({ text: kitSays.say(wasInDialog ? 'cancelled' : 'nothingToCancel') });
    return kitSays.send({ text: kitSays.say('unknownCommand') });
  }

  /** Somebody came by a link, or pressed a button that stands for one. False when no product knows what it says. */
  async follow(
    tx: EntityManager,
    context: ChatContext,
    inbound: { externalMessageId: string },
    payload: string,
  ): Promise<boolean> {
    if (payload.length <= DEEP_LINK_LIMIT) await this.contacts.followed(tx, context, payload);
    for (const product of this.productsOf(context.bot)) {
      if (await product.start?.(this.conversation(tx, context, product, inbound), payload)) return true;
    }
    return false;
  }

  private async press(tx: EntityManager, context: ChatContext, inbound: InboundPress): Promise<void> {
    const { pressId, data: id } = inbound;
    const outcome = await this.pressed(tx, context, id, { messageId: inbound.externalMessageId, isPress: true });
    if (outcome instanceof Conversation) return this.screens.answerPress(outcome, pressId);
    return this.screens.answer(tx, context, pressId, this.screens.say(context, shared, outcome));
  }

  /** Does what a button does; or says, by the key of a text, why not. */
  private async pressed(
    tx: EntityManager,
    context: ChatContext,
    id: string,
    source: Conversation['source'],
  ): Promise<Conversation | 'menuOutdated' | 'notYours' | 'alreadyDone'> {
    const button = await this.buttons.find(tx, context.chat.id, id);
    if (!button) return 'menuOutdated';
    if (button.userId && button.userId !== context.contact.userId) return 'notYours';
    if (button.revision !== null) {
      const dialog = await this.dialogs.find(tx, context);
      if (dialog?.step == null || dialog.revision !== button.revision) return 'menuOutdated';
    }
    if (button.product === KIT && button.action === CANCEL && !button.isStanding)
      return this.cancelled(tx, context, source);
    const { bot } = context;
    const products = [...this.productsOf(bot), ...this.everywhereBut(bot), this.kit];
    const product = products.find(({ name }) => name === button.product);
    const action = product?.actions && Object.hasOwn(product.actions, button.action) && product.actions[button.action];
    // A button of an earlier version, or of a product that the bot offers no more.
    if (!product || !action || (button.isStanding && !action.standing)) return 'menuOutdated';
    const data = action.data?.safeParse(button.data ?? undefined);
    if (data && !data.success) return 'menuOutdated';
    if (!(await this.buttons.use(tx, button))) return 'alreadyDone';
    const conversation = new Conversation(tx, context, product, { ...source, buttonId: id }, this.screens);
    await action.run(conversation, data?.data as never);
    return conversation;
  }

  private async cancelled(tx: EntityManager, context: ChatContext, source: Conversation['source']) {
    await this.dialogs.close(tx, context);
    const conversation = new Conversation(tx, context, this.kit, source, this.screens);
    await conversation.show({ text: conversation.say('cancelled') });
    return conversation;
  }

  private async message(tx: EntityManager, context: ChatContext, inbound: InboundMessage): Promise<void> {
    if (inbound.choice && (await this.typed(tx, context, inbound.choice, inbound))) return;
    // While staff answer, what is typed is for them: it makes no choice and answers no question of ours.
    const dialog = this.handovers.isHandedOver(context.chat) ? null : await this.dialogs.find(tx, context);
    const typed = inbound.text && dialog && this.dialogs.choiceIn(dialog, inbound.text);
    if (typed && (await this.typed(tx, context, typed, inbound))) return;
    if (dialog?.step && (await this.answered(tx, context, dialog, inbound))) return;
    for (const product of [...this.everywhereBut(context.bot), ...this.productsOf(context.bot)]) {
      if (await product.message?.(this.conversation(tx, context, product, inbound), inbound)) return;
    }
    const kitSays = this.conversation(tx, context, this.kit, inbound);
    if (inbound.file) return this.notUnderstood(kitSays, inbound.file.kind, Boolean(inbound.text));
    await kitSays.send({ text: kitSays.say('nothingToDo') });
  }

  /** False when the choice is gone: then it is a text like any other. */
  private async typed(tx: EntityManager, context: ChatContext, id: string, inbound: InboundMessage): Promise<boolean> {
    const outcome = await this.pressed(tx, context, id, { messageId: inbound.externalMessageId, isPress: false });
    if (outcome === 'menuOutdated') return false;
    const kitSays = this.conversation(tx, context, this.kit, inbound);
    const text = outcome instanceof Conversation ? outcome.toasted : kitSays.say(outcome);
    if (text) await kitSays.send({ text });
    return true;
  }

  /** False when the step is none any more. */
  private async answered(
    tx: EntityManager,
    context: ChatContext,
    dialog: Dialog,
    inbound: InboundMessage,
  ): Promise<boolean> {
    const product = this.productsOf(context.bot).find(({ name }) => name === dialog.product);
    const step = product?.steps && Object.hasOwn(product.steps, dialog.step!) && product.steps[dialog.step!];
    const data = step ? step.data?.safeParse(await this.dialogs.dataOf(tx, dialog)) : undefined;
    if (!product || !step || (data && !data.success)) {
      // The dialog of an earlier version, or of a product that the bot offers no more.
      await this.dialogs.close(tx, context);
      const kitSays = this.conversation(tx, context, this.kit, inbound);
      await kitSays.send({ text: kitSays.say('dialogOutdated') });
      return true;
    }
    await step.answer(this.conversation(tx, context, product, inbound), inbound, data?.data as never);
    return true;
  }

  /** Says what was not understood and what would be. In a group nobody is told: it may have been meant for others. */
  private async notUnderstood(conversation: Conversation, what: string, hadText: boolean): Promise<void> {
    if (conversation.chat.kind === 'group') return;
    const key = `unsupported.${what}`;
    const lines = [
      conversation.say(shared.has(key) ? key : 'unsupported.other'),
      ...(hadText ? [conversation.say('unsupported.captionIgnored')] : []),
      conversation.say('unsupported.understood', { kinds: this.kindsOf(conversation) }),
    ];
    await conversation.send({ text: lines.join(' ') });
  }

  underAnswers(bot: Bot): MenuSection['underAnswers'] {
    return this.menuSection(bot).underAnswers;
  }

  /** What the bot understands, in words: "text, voice messages". */
  kindsOf({ bot, context }: Conversation): string {
    return ['text', ...this.filesOf(bot)].map((kind) => this.screens.say(context, shared, `kinds.${kind}`)).join(', ');
  }

  accepts(bot: Bot, kind: FileKind): boolean {
    return this.filesOf(bot).includes(kind);
  }

  /** Files that its channel can bring, one of its products can read, and the bot is to accept. */
  private filesOf(bot: Bot): FileKind[] {
    const accepted = this.bots.section(bot.id, 'accepts', AcceptsSection) ?? [];
    const brought = this.channels.find(bot.id)?.capabilities.files.in;
    const read = this.productsOf(bot).flatMap(({ files = [] }) => files);
    return accepted.filter((kind) => read.includes(kind) && (brought?.includes(kind) ?? true));
  }

  private conversation(
    tx: EntityManager,
    context: ChatContext,
    product: Product,
    { externalMessageId }: { externalMessageId: string },
  ): Conversation {
    return new Conversation(tx, context, product, { messageId: externalMessageId, isPress: false }, this.screens);
  }

  private productsInMenuOrder({ products }: Bot): Product[] {
    return products.flatMap((name) => this.products.get(name) ?? []);
  }

  /** Whoever may have a command, in the order in which it is asked. */
  private withCommands(bot: Bot): Product[] {
    return [...this.productsInMenuOrder(bot), this.kit];
  }

  private menuSection({ id }: Bot): MenuSection {
    return this.bots.section(id, 'menu', MenuSection) ?? MenuSection.parse(undefined);
  }
}
