import { Inject, Injectable } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import { BotsRegistry, LOG, type Log } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { StaffSection } from '../../bots/bot-sections';
import type { Chat } from '../../contacts/chat.entity';
import { ContactsService } from '../../contacts/contacts.service';
import type { Conversation } from '../../dialogs/conversation';

/** The groups in which staff are told what happens: a chat of a bot, as its description says. */
@Injectable()
export class StaffGroupsService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly contacts: ContactsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  sectionOf(botId: string): StaffSection | undefined {
    return this.bots.section(botId, 'staff', StaffSection);
  }

  /** The group of a bot's staff; undefined until somebody has written to the bot there. */
  async groupOf(tx: EntityManager, bot: Bot): Promise<Chat | null> {
    const section = this.sectionOf(bot.id);
    return section ? this.contacts.findChat(tx, bot, section.chat) : null;
  }

  /** The same where anybody can be told anything there: the group is known, and the bot may write in it. */
  async reachedGroupOf(tx: EntityManager, bot: Bot): Promise<Chat | null> {
    const chat = await this.groupOf(tx, bot);
    if (chat && !chat.blockedAt) return chat;
    const why = chat ? 'the bot may not write there' : 'somebody has to write to the bot there';
    this.log.warn({ bot: bot.id }, `the group of the staff is not reached: ${why}`);
    return null;
  }

  /** Whether it is that group. */
  async isOf({ tx, bot, chat }: Pick<Conversation, 'tx' | 'bot' | 'chat'>): Promise<boolean> {
    return chat.kind === 'group' && (await this.groupOf(tx, bot))?.id === chat.id;
  }

  /** Whose group is that of a bot: its own, or that of the home of its shop. */
  botWithGroup(botId: string): Bot | undefined {
    return [botId, this.bots.brandOf(botId)].flatMap((id) => (this.sectionOf(id) && this.bots.find(id)) || []).at(0);
  }
}
