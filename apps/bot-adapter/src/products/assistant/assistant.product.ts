import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  ConfirmationDecideRequested,
  ConversationReset,
  HandoverEndRequested,
  MessageEdited,
  MessageReceived,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
} from '@switchboard/contracts';
import { BotsRegistry, Clock, CONFIG } from '@switchboard/service-kit';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { BotAdapterConfig } from '../../bot-adapter.config';
import type { Button, InboundEdit, InboundMessage, InboundStop } from '../../channels/channel';
import { Chat, type VoiceMode } from '../../contacts/chat.entity';
import { type ChatContext, inChat, languagesOf } from '../../contacts/contacts.service';
import { InboundMessageRow } from '../../contacts/inbound-message.entity';
import { DeliveriesService } from '../../deliveries/deliveries.service';
import { type Reply, type ReplyDecorator, ReplyDecorators } from '../../deliveries/reply-decorators';
import { ButtonsService } from '../../dialogs/buttons.service';
import type { Conversation } from '../../dialogs/conversation';
import { action, type PrivacyNotes, type Product, standing } from '../../dialogs/product';
import { ProductRouter } from '../../dialogs/product-router.service';
import { menu, type Screen } from '../../dialogs/screen';
import { MediaService } from '../../media/media.service';
import { shorten } from '../../rich-text/cut-points';
import { SpeechService } from '../../speech/speech.service';
import { Catalogue, nearestLanguage, say } from '../../texts/catalogue';

/** Outcomes that are answers; all others are apologies, which nobody rates. */
const ANSWERS: readonly Reply['outcome'][] = ['answered', 'knowledge_only', 'cut_off', 'stopped'];

/** Of reactions. Hearts come with and without the sign that colours them. */
const RATINGS: Readonly<Record<string, 1 | -1>> = { '👍': 1, '❤': 1, '❤️': 1, '🔥': 1, '👎': -1, '💩': -1, '😡': -1 };

const Decision = z.object({ confirmationId: z.uuid(), confirmed: z.boolean() });
type Decision = z.output<typeof Decision>;

const VOICE_MODES: VoiceMode[] = ['off', 'also'];

/** Free talk: what is said goes to chat-ai as an event, and answers come back as events. */
@Injectable()
export class AssistantProduct implements Product {
  readonly name = 'assistant';
  readonly texts = new Catalogue(this.name, join(__dirname, 'texts'));
  readonly files = ['voice', 'audio', 'photo', 'document'] as const;

  readonly commands = {
    start: (conversation: Conversation) => this.greet(conversation),
    help: (conversation: Conversation) => this.help(conversation),
    new: async (conversation: Conversation) => {
      await this.outbox.add(conversation.tx, ConversationReset(inChat(conversation.context)));
      await conversation.send({ text: conversation.say('new', { days: this.keptDays.talk }) });
    },
    resume: async (conversation: Conversation) => {
      await this.outbox.add(conversation.tx, HandoverEndRequested(whoAsks(conversation.context)));
      await conversation.send({ text: conversation.say('resume') });
    },
    voice: (conversation: Conversation) => conversation.send(voiceMenu(conversation, conversation.chat)),
  };

  readonly actions = {
    speak: standing(
      action(z.uuid(), async (conversation, replyId) => {
        const { tx, chat } = conversation;
        const outcome = await this.speech.requestAgain(tx, chat, replyId);
        if (outcome === 'requested') conversation.recording();
        conversation.toast(say(chat.locale, `speech.${outcome}`));
      }),
    ),
    voice: action(z.object({ mode: z.enum(['off', 'also']) }), async (conversation, { mode }) => {
      await conversation.tx.update(Chat, conversation.chat.id, { voiceMode: mode });
      Object.assign(conversation.chat, { voiceMode: mode });
      conversation.toast(conversation.say('saved'));
      await conversation.show(voiceMenu(conversation, conversation.chat));
    }),
    stop: action(z.uuid(), async (conversation, replyId) => {
      const { tx, context } = conversation;
      await this.outbox.add(tx, ReplyStopRequested({ ...whoAsks(context), replyId }));
      conversation.toast(conversation.say('stopping'));
    }),
    again: standing(
      action(z.uuid(), async (conversation, replyId) => {
        const { tx, context } = conversation;
        await this.outbox.add(tx, ReplyRegenerateRequested({ ...whoAsks(context), replyId }));
        conversation.toast(conversation.say('again'));
      }),
    ),
    say: action(z.object({ text: z.string() }), async (conversation, { text }) => {
      const { tx, context, chat } = conversation;
      const message = { messageId: uuidv7(), locale: chat.locale, sentAt: this.clock.now().toISOString(), text };
      await this.outbox.add(tx, MessageReceived({ ...inChat(context), ...message, kind: 'text', inGroup: false }));
      // Elsewhere a toast is a message, and these are their own words.
      if (conversation.source.isPress) conversation.toast(text);
    }),
    decide: action(Decision, async (conversation, decision) => {
      const { tx, context } = conversation;
      await this.outbox.add(tx, ConfirmationDecideRequested({ ...whoAsks(context), ...decision }));
      conversation.toast(conversation.say(decision.confirmed ? 'confirm.confirmed' : 'confirm.declined'));
    }),
    like: standing(action(z.uuid(), (conversation, replyId) => this.rate(conversation, replyId, 1))),
    dislike: standing(action(z.uuid(), (conversation, replyId) => this.rate(conversation, replyId, -1))),
  };

  private readonly keptDays: Readonly<Record<'talk' | 'costs' | 'voices', number>>;

  constructor(
    private readonly router: ProductRouter,
    private readonly media: MediaService,
    private readonly speech: SpeechService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly bots: BotsRegistry,
    private readonly buttons: ButtonsService,
    private readonly deliveries: DeliveriesService,
    decorators: ReplyDecorators,
    @Inject(CONFIG) config: BotAdapterConfig,
  ) {
    this.keptDays = {
      talk: config.CHAT_AI_KEEP_DAYS,
      costs: config.CHAT_AI_KEEP_USAGE_DAYS,
      voices: config.TTS_WORKER_KEEP_DAYS,
    };
    router.register(this);
    decorators.add({
      sayNext: (tx, chat, reply) => this.sayNext(tx, chat, reply),
      finished: (_tx, chat, reply) => Promise.resolve(this.underAnswer(chat, reply)),
      stop: (tx, chat, reply) => this.stopButton(tx, chat, reply),
      listen: (chat, replyId) => ({
        label: say(chat.locale, 'listen'),
        data: buttons.standing(this.name, 'speak', replyId),
      }),
    });
  }

  privacy(conversation: Conversation): PrivacyNotes {
    const { talk: days, voices, costs } = this.keptDays;
    return {
      kept: [
        conversation.say('privacy.talk', { days }),
        conversation.say('privacy.voices', { days: voices }),
        conversation.say('privacy.costs', { days: costs }),
      ],
      passedOn: conversation.say('privacy.passedOn'),
    };
  }

  async start(conversation: Conversation, payload: string): Promise<boolean> {
    await this.greet(conversation, payload);
    return true;
  }

  async message(conversation: Conversation, message: InboundMessage): Promise<boolean> {
    const { tx, context } = conversation;
    const { bot, chat, person } = context;
    const { externalMessageId, text, file, mediaGroup, replyToText, about, expiresAt } = message;
    if (file && !this.router.accepts(bot, file.kind)) return false;
    const messageId = uuidv7();
    await tx.insert(InboundMessageRow, {
      id: messageId,
      chatId: chat.id,
      userId: context.contact.userId,
      botId: bot.id,
      ...context.idSpace,
      externalThreadId: message.chat.threadId ?? null,
      externalMessageId,
      aboutKind: about?.kind ?? null,
      receivedAt: this.clock.now(),
    });
    const from = { botId: bot.id, chatId: chat.id, userId: context.contact.userId };
    const media = file && (await this.media.remember(tx, from, file));
    const inGroup = chat.kind === 'group';
    const ownLanguage = inGroup && !chat.localeChosen;
    await this.outbox.add(
      tx,
      MessageReceived({
        ...inChat(context),
        messageId,
        locale: ownLanguage ? nearestLanguage(languagesOf(bot), person.language) : chat.locale,
        kind: file ? (file.kind === 'audio' ? 'document' : file.kind) : 'text',
        inGroup,
        sentAt: message.sentAt.toISOString(),
        ...(inGroup && person.name && { senderName: person.name }),
        ...(text && { text }),
        ...(media && { media }),
        ...(mediaGroup && { mediaGroup }),
        ...(replyToText && { replyToText }),
        ...(about && { about: about.kind }),
        ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
      }),
    );
    return true;
  }

  async stopped(tx: EntityManager, { id: chatId, userId }: Chat, { isOf }: InboundStop): Promise<void> {
    if (!userId) return;
    if (!isOf) return void (await this.outbox.add(tx, ReplyStopRequested({ chatId, userId })));
    const shown = await this.buttons.shownLately(tx, chatId, { product: this.name, action: 'stop' });
    const replyId = z.array(z.uuid()).parse(shown).find(isOf);
    if (replyId) await this.outbox.add(tx, ReplyStopRequested({ chatId, userId, replyId }));
  }

  /** Where answers have no buttons by which they are rated, or beside them. Of any other sign nobody knows what it says. */
  async reacted(
    tx: EntityManager,
    { id: chatId, userId }: Chat,
    { replyId, emoji }: { replyId: string; emoji: string | null },
  ): Promise<void> {
    const rating = emoji === null ? 0 : RATINGS[emoji];
    if (!userId || rating === undefined) return;
    await this.outbox.add(tx, ReplyRateRequested({ chatId, userId, replyId, rating }));
  }

  async edited(tx: EntityManager, known: InboundMessageRow, { text, sentAt }: InboundEdit): Promise<void> {
    const chat = await tx.findOneByOrFail(Chat, { id: known.chatId });
    const { botId, channel } = chat;
    const about = { chatId: chat.id, botId, channel, userId: known.userId };
    await this.outbox.add(tx, MessageEdited({ ...about, messageId: known.id, text, sentAt: sentAt.toISOString() }));
  }

  /** Others in a group may not stop what somebody waits for. Its row also tells later which answer a stopped draft was of. */
  private async stopButton(
    tx: EntityManager,
    { id: chatId, kind, locale }: Chat,
    { replyId, askedBy }: Parameters<ReplyDecorator['stop']>[2],
  ): Promise<Button | undefined> {
    if (kind === 'group' && !askedBy) return undefined;
    const stop = { product: this.name, action: 'stop', data: replyId };
    const [id] = await this.buttons.create(tx, [stop], { chatId, ...(askedBy && { userId: askedBy }) });
    return { label: this.texts.say(locale, 'stop'), data: id! };
  }

  /** A button for each thing that the person may want to say, and those by which they decide about what is offered. */
  private async sayNext(tx: EntityManager, chat: Chat, reply: Reply): Promise<Button[][]> {
    if (!this.isOffered(chat) || !this.deliveries.offersChoices(chat)) return [];
    return [...(await this.suggestions(tx, chat, reply)), ...(await this.decisions(tx, chat, reply))];
  }

  /** Nobody else can press them. */
  private async decisions(tx: EntityManager, chat: Chat, { confirmationId, userId }: Reply): Promise<Button[][]> {
    if (confirmationId === undefined) return [];
    const choices = [
      { confirmed: true, label: this.texts.say(chat.locale, 'confirm.yes') },
      { confirmed: false, label: this.texts.say(chat.locale, 'confirm.no') },
    ];
    const actions = choices.map(({ confirmed }) => ({
      ...{ product: this.name, action: 'decide' },
      data: { confirmationId, confirmed } satisfies Decision,
    }));
    const ids = await this.buttons.create(tx, actions, { chatId: chat.id, userId, once: true });
    return [choices.map(({ label }, i) => ({ label, data: ids[i]! }))];
  }

  private async suggestions(tx: EntityManager, chat: Chat, { suggestions = [] }: Reply): Promise<Button[][]> {
    const actions = suggestions.map((text) => ({ product: this.name, action: 'say', data: { text } }));
    const ids = await this.buttons.create(tx, actions, { chatId: chat.id });
    return inRows(suggestions.map((text, i) => ({ label: shorten(text, LONGEST_LABEL, '…'), data: ids[i]! })));
  }

  /** What can be done with an answer. */
  private underAnswer(chat: Chat, { replyId, outcome }: Reply): Button[][] {
    const bot = this.bots.find(chat.botId);
    if (!bot || !this.isOffered(chat) || !this.deliveries.showsButtons(chat) || !ANSWERS.includes(outcome)) return [];
    const offered = this.router.underAnswers(bot);
    const choices = [
      ...(offered.includes('rate')
        ? ([
            ['👍', 'like'],
            ['👎', 'dislike'],
          ] as const)
        : []),
      ...(offered.includes('again') ? ([['🔁', 'again']] as const) : []),
    ];
    if (choices.length === 0) return [];
    return [choices.map(([label, name]) => ({ label, data: this.buttons.standing(this.name, name, replyId) }))];
  }

  /** Whether it can be talked to in this chat, by buttons as well. */
  private isOffered({ botId }: Chat): boolean {
    return this.bots.find(botId)?.products.includes(this.name) ?? false;
  }

  private async rate(conversation: Conversation, replyId: string, rating: 1 | -1): Promise<void> {
    const { tx, context } = conversation;
    await this.outbox.add(tx, ReplyRateRequested({ ...whoAsks(context), replyId, rating }));
    conversation.toast(conversation.say('rated'));
  }

  private greet(conversation: Conversation, link?: string): Promise<void> {
    const { bot, person } = conversation;
    const lines = [
      conversation.say('start.greeting', { name: person.name, bot: bot.name }),
      conversation.say('start.about', { kinds: this.router.kindsOf(conversation) }),
      ...(link ? [conversation.say('start.link', { link: shorten(link, 64) })] : []),
    ];
    return conversation.send({ text: lines.join('\n\n') });
  }

  private help(conversation: Conversation): Promise<void> {
    const values = { kinds: this.router.kindsOf(conversation), commands: this.router.commandList(conversation) };
    return conversation.send({ text: conversation.say('help', values) });
  }
}

const LONGEST_LABEL = 40;
const HALF_A_ROW = 16;

/** Two in a row where both are short. */
function inRows(buttons: readonly Button[]): Button[][] {
  const most = buttons.every(({ label }) => label.length <= HALF_A_ROW) ? 2 : 1;
  return Array.from({ length: Math.ceil(buttons.length / most) }, (_, i) => buttons.slice(i * most, (i + 1) * most));
}

const whoAsks = ({ chat, contact }: ChatContext) => ({ chatId: chat.id, userId: contact.userId });

function voiceMenu(conversation: Conversation, { voiceMode }: Chat): Screen {
  const choices = VOICE_MODES.map((mode) => ({
    label: conversation.say(`voice.${mode}`),
    chosen: voiceMode === mode,
    action: 'voice',
    data: { mode },
  }));
  return menu(conversation.say('voice.title'), choices);
}
