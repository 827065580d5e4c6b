import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ContactsService, languagesOf } from '../contacts/contacts.service';
import { NewsSettingsService } from '../contacts/news-settings.service';
import { ErasureRequestsJobs } from '../contacts/erasure-requests.jobs';
import { KEPT_DAYS } from '../kept-days';
import { shared } from '../texts/catalogue';
import { momentIn } from '../texts/moment';
import type { Conversation } from './conversation';
import { AccountLinksJobs } from './account-links.jobs';
import { action, type Product, standing } from './product';
import { ProductRouter } from './product-router.service';
import { confirm, menu, type Screen } from './screen';
import { FOLLOW, KIT, NEWS_OFF } from './screens.service';

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
    privacy: async (conversation: Conversation) => conversation.send(await this.privacyScreen(conversation)),
  };

  readonly actions = {
    language: action(z.object({ locale: z.string() }), async (conversation, { locale }) => {
      await this.contacts.chooseLanguage(conversation.tx, conversation.chat, locale);
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
    [FOLLOW]: action(z.object({ parameter: z.string() }), async (conversation, { parameter }) => {
      const { tx, context, source } = conversation;
      const inbound = { externalMessageId: source.messageId! };
      if (await this.router.follow(tx, context, inbound, parameter)) return;
      await this.commands.start(conversation);
    }),
    // As long as the message is there, whatever else has changed since.
    [NEWS_OFF]: standing(action((conversation) => this.news(conversation, false))),
    newsOn: action((conversation) => this.news(conversation, true)),
    eraseNot: action((conversation) => conversation.show({ text: conversation.say('erase.kept') })),
  };

  constructor(
    private readonly router: ProductRouter,
    private readonly contacts: ContactsService,
    private readonly erasures: ErasureRequestsJobs,
    private readonly newsSettings: NewsSettingsService,
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

  /** Below what stands there: a message that many were sent stays as it is. */
  private async news(conversation: Conversation, wanted: boolean): Promise<void> {
    const { tx, bot, context } = conversation;
    await this.newsSettings.want(tx, bot.id, context.contact.userId, wanted);
    await conversation.send({
      text: conversation.say(wanted ? 'news.isOn' : 'news.isOff'),
      buttons: [[newsSwitch(conversation, wanted)]],
    });
  }

  /** Nothing where the bot's menu has no commands. */
  private help(conversation: Conversation): string[] {
    const commands = this.router.commandList(conversation);
    return commands ? [conversation.say('help', { commands })] : [];
  }

  /** What is kept of every person, then what the bot's products say of theirs. */
  private async privacyScreen(conversation: Conversation): Promise<Screen> {
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
    const { tx, bot, context } = conversation;
    const { wanted } = await this.newsSettings.read(tx, bot.id, context.contact.userId);
    return {
      text: paragraphs.join('\n\n'),
      buttons: [[newsSwitch(conversation, wanted)], [{ label: conversation.say('erase.offer'), action: 'erase' }]],
    };
  }
}

const greeting = (conversation: Conversation) =>
  conversation.say('start', { name: conversation.person.name, bot: conversation.bot.name });

const newsSwitch = (conversation: Conversation, wanted: boolean) => ({
  label: conversation.say(wanted ? 'news.off' : 'news.on'),
  action: wanted ? NEWS_OFF : 'newsOn',
});

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
