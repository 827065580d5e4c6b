import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Chat } from '../contacts/chat.entity';
import { languagesOf } from '../contacts/contacts.service';
import { ErasureRequestsJobs } from '../contacts/erasure-requests.jobs';
import { KEPT_DAYS } from '../kept-days';
import { shared } from '../texts/catalogue';
import { momentIn } from '../texts/moment';
import type { Conversation } from './conversation';
import { AccountLinksJobs } from './account-links.jobs';
import { action, type Product } from './product';
import { ProductRouter } from './product-router.service';
import { confirm, menu, type Screen } from './screen';
import { KIT } from './screens.service';

/**
 * What every bot has, whatever it offers: a greeting, the list of its commands, the choice of a language, and what a person has a
 * right to. A command of the same name of one of its products goes before.
 */
@Injectable()
export class BuiltInProduct implements Product {
  readonly name = KIT;
  readonly texts = shared;

  readonly commands = {
    start: (conversation: Conversation) =>
      conversation.send({ text: [greeting(conversation), ...this.help(conversation)].join('\n\n') }),
    help: (conversation: Conversation) =>
      conversation.send({ text: this.help(conversation)[0] ?? greeting(conversation) }),
    language: (conversation: Conversation) => conversation.send(languageMenu(conversation)),
    account: (conversation: Conversation) => this.account(conversation),
    privacy: (conversation: Conversation) => conversation.send(this.privacyScreen(conversation)),
  };

  readonly actions = {
    language: action(z.object({ locale: z.string() }), async (conversation, { locale }) => {
      const choice = { locale, localeChosen: true };
      await conversation.tx.update(Chat, conversation.chat.id, choice);
      // What is shown next is already said in it.
      Object.assign(conversation.chat, choice);
      conversation.toast(conversation.say('saved'));
      await conversation.show(languageMenu(conversation));
    }),
    erase: action(async (conversation) => {
      const [yes, no] = ['erase.yes', 'erase.no'].map((key) => conversation.say(key)) as [string, string];
      const question = confirm(
        conversation.say('erase.question'),
        { label: yes, action: 'eraseNow' },
        { label: no, action: 'eraseNot' },
      );
      await conversation.show(question);
    }),
    eraseNow: action(async (conversation) => {
      const { tx, context } = conversation;
      const due = await this.erasures.request(tx, context.contact.userId);
      const time = due && momentIn(context.chat.locale, due);
      await conversation.show({
        text: time ? conversation.say('erase.later', { time }) : conversation.say('erase.begun'),
      });
    }),
    eraseNot: action((conversation) => conversation.show({ text: conversation.say('erase.kept') })),
  };

  constructor(
    private readonly router: ProductRouter,
    private readonly erasures: ErasureRequestsJobs,
    private readonly accountLinks: AccountLinksJobs,
  ) {
    router.register(this);
  }

  /** Everybody in a group would read the link. */
  private async account(conversation: Conversation): Promise<void> {
    const { tx, chat, context } = conversation;
    if (chat.kind !== 'private') return conversation.send({ text: conversation.say('account.inPrivate') });
    await this.accountLinks.request(tx, chat.id, context.contact.userId);
  }

  /** Nothing where the bot's menu has no commands. */
  private help(conversation: Conversation): string[] {
    const commands = this.router.commandList(conversation);
    return commands ? [conversation.say('help', { commands })] : [];
  }

  /** What is kept of every person, then what the bot's products say of theirs. */
  private privacyScreen(conversation: Conversation): Screen {
    const notes = this.router
      .productsOf(conversation.bot)
      .flatMap((product) => product.privacy?.(conversation.as(product)) ?? []);
    const kept = [
      conversation.say('privacy.identity'),
      ...notes.flatMap((note) => note.kept),
      conversation.say('privacy.sent', { days: KEPT_DAYS.content }),
      conversation.say('privacy.failed', { days: KEPT_DAYS.quarantined }),
      conversation.say('privacy.erased'),
    ];
    const passedOn = [...notes.flatMap((note) => note.passedOn ?? []), conversation.say('privacy.nobodyElse')];
    const paragraphs = [
      conversation.say('privacy.title'),
      `${kept.map((line) => `• ${line}`).join(';\n')}.`,
      conversation.say('privacy.encrypted'),
      passedOn.join(' '),
    ];
    return {
      text: paragraphs.join('\n\n'),
      buttons: [[{ label: conversation.say('erase.offer'), action: 'erase' }]],
    };
  }
}

const greeting = (conversation: Conversation) =>
  conversation.say('start', { name: conversation.person.name, bot: conversation.bot.name });

function languageMenu(conversation: Conversation): Screen {
  const choices = languagesOf(conversation.bot).map((locale) => ({
    // Each language by its own name: whoever looks for theirs may not read the present one.
    label: shared.say(locale, 'language.name'),
    chosen: locale === conversation.chat.locale,
    action: 'language',
    data: { locale },
  }));
  return menu(conversation.say('language.question'), choices);
}
