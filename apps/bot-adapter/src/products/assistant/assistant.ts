import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ConversationReset } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type Action, Callbacks } from '../../callbacks/callbacks.service';
import type { InboundCommand, InboundPress } from '../../channels/channel';
import { Chat, type VoiceMode } from '../../contacts/chat.entity';
import { type ChatContext, inChat } from '../../contacts/contacts.service';
import { DeliveriesService } from '../../deliveries/deliveries.service';
import { KEPT_DAYS } from '../../retention/kept-days';
import { SpeechService } from '../../speech/speech.service';
import { say } from '../../texts/texts';
import { type Command, isCommand } from './commands';

interface Screen {
  text: string;
  buttons?: { label: string; data: string }[][];
}

const VOICE_MODES: VoiceMode[] = ['off', 'also'];
const LANGUAGES = { en: 'English', ru: 'Русский' } as const;

/** The assistant's screens: what its commands and buttons do. Free text is the business of chat-ai. */
@Injectable()
export class Assistant {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly callbacks: Callbacks,
    private readonly speech: SpeechService,
    private readonly outbox: Outbox,
  ) {
    speech.offerListening(async (tx, chat, replyId) => {
      const [id] = await callbacks.create(tx, chat.id, [{ do: 'speak', replyId }]);
      return { label: say(chat.locale, 'listen'), data: id! };
    });
  }

  async command(tx: EntityManager, context: ChatContext, { name, argument }: InboundCommand): Promise<void> {
    if (isCommand(name)) await this.show(tx, context, await this.screen(tx, context, name, argument));
    else await this.show(tx, context, { text: say(context.chat.locale, 'unknownCommand') });
  }

  async unsupported(tx: EntityManager, context: ChatContext): Promise<void> {
    if (context.chat.kind === 'private')
      await this.show(tx, context, { text: say(context.chat.locale, 'unsupported') });
  }

  async press(tx: EntityManager, context: ChatContext, press: InboundPress): Promise<void> {
    const { bot, chat } = context;
    const answer = { botId: bot.id, pressId: press.pressId };
    const action = await this.callbacks.find(tx, chat.id, press.data);
    switch (action?.do) {
      case 'speak': {
        const outcome = await this.speech.requestAgain(tx, chat, action.replyId);
        const recording = outcome === 'requested' && { recordingIn: chat.externalId };
        return this.callbacks.answer(tx, { ...answer, text: say(chat.locale, `speech.${outcome}`), ...recording });
      }
      case 'voice':
        return this.change(tx, context, press, { voiceMode: action.mode });
      case 'language':
        return this.change(tx, context, press, { locale: action.locale, localeChosen: true });
      default:
        return this.callbacks.answer(tx, { ...answer, text: say(chat.locale, 'menuOutdated') });
    }
  }

  /** Keeps a choice, shows it in the menu where it was made, and answers the press. */
  private async change(
    tx: EntityManager,
    context: ChatContext,
    press: InboundPress,
    choice: Partial<Chat>,
  ): Promise<void> {
    await tx.update(Chat, context.chat.id, choice);
    const chat = { ...context.chat, ...choice };
    const menu = choice.voiceMode ? await this.voiceMenu(tx, chat) : await this.languageMenu(tx, chat);
    await this.show(tx, { ...context, chat }, menu, press.externalMessageId);
    await this.callbacks.answer(tx, { botId: chat.botId, pressId: press.pressId, text: say(chat.locale, 'saved') });
  }

  private async screen(tx: EntityManager, context: ChatContext, command: Command, argument: string): Promise<Screen> {
    const { bot, chat, person } = context;
    switch (command) {
      case 'start': {
        const lines = [
          say(chat.locale, 'start.greeting', { name: person.name, bot: bot.name }),
          say(chat.locale, 'start.about'),
        ];
        if (argument) lines.push(say(chat.locale, 'start.link', { link: argument.slice(0, 64) }));
        return { text: lines.join('\n\n') };
      }
      case 'new':
        await this.outbox.add(tx, ConversationReset(inChat(context)));
        return { text: say(chat.locale, 'new') };
      case 'voice':
        return this.voiceMenu(tx, chat);
      case 'language':
        return this.languageMenu(tx, chat);
      case 'privacy':
        return { text: say(chat.locale, 'privacy', { days: KEPT_DAYS.content }) };
      case 'help':
        return { text: say(chat.locale, 'help') };
    }
  }

  private voiceMenu(tx: EntityManager, chat: Chat): Promise<Screen> {
    const choices = VOICE_MODES.map((mode) => ({
      label: say(chat.locale, `voice.${mode}`),
      chosen: chat.voiceMode === mode,
      action: { do: 'voice', mode } as const,
    }));
    return this.menu(tx, chat, say(chat.locale, 'voice.title'), choices);
  }

  private languageMenu(tx: EntityManager, chat: Chat): Promise<Screen> {
    const choices = (['en', 'ru'] as const).map((locale) => ({
      label: LANGUAGES[locale],
      chosen: chat.locale === locale,
      action: { do: 'language', locale } as const,
    }));
    return this.menu(tx, chat, say(chat.locale, 'language'), choices);
  }

  private async menu(
    tx: EntityManager,
    chat: Chat,
    text: string,
    choices: { label: string; chosen: boolean; action: Action }[],
  ): Promise<Screen> {
    const ids = await this.callbacks.create(
      tx,
      chat.id,
      choices.map(({ action }) => action),
    );
    const row = choices.map(({ label, chosen }, i) => ({ label: chosen ? `✓ ${label}` : label, data: ids[i]! }));
    return { text, buttons: [row] };
  }

  private async show(
    tx: EntityManager,
    { chat, contact }: ChatContext,
    { text, buttons }: Screen,
    edits?: string,
  ): Promise<void> {
    await this.deliveries.queue(tx, {
      chatId: chat.id,
      userId: contact.userId,
      causeId: uuidv7(),
      content: { kind: 'notice', text, ...(buttons && { buttons }), ...(edits && { edits }) },
    });
  }
}
