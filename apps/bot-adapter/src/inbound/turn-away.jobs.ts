import { Injectable } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import { BotsRegistry, defineJob, FieldCipher, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { TextsSection } from '../bots/bot-sections';
import type { InboundChat, InboundPerson } from '../channels/channel';
import { BotNotHere } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ChatAddresses } from '../contacts/chat-addresses';
import { languagesOf } from '../contacts/contacts.service';
import { plainText } from '../rich-text/rich-text';
import { nearestLanguage, shared } from '../texts/catalogue';

/** Tells somebody who was not invited that the bot does not talk to them, and by which id they could be. */
export const TurnAway = defineJob(
  'turn-away',
  z.object({
    botId: z.string(),
    who: z.string().describe('Encrypted: nothing of them is kept.'),
    language: z.string().optional(),
  }),
);

interface Stranger {
  /** Of the chat. */
  readonly externalId: string;
  readonly personId: string;
}

const WHO = 'turn-away.who';

@Injectable()
export class TurnAwayJobs {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly addresses: ChatAddresses,
    private readonly jobs: Jobs,
    private readonly cipher: FieldCipher,
  ) {}

  /** Whoever was not invited is told so, at most once a minute, and nothing of theirs is kept. */
  async request(
    tx: EntityManager,
    bot: Bot,
    { chat, from }: { chat: InboundChat; from: InboundPerson },
  ): Promise<void> {
    if (chat.kind === 'group') return;
    const stranger: Stranger = { externalId: chat.externalId, personId: from.externalId };
    const who = this.cipher.encrypt(JSON.stringify(stranger), WHO, bot.id);
    const key = `turn-away:${bot.id}:${this.addresses.hash(bot.channel.kind, chat.externalId)}`;
    const payload = { botId: bot.id, who, ...(from.language && { language: from.language }) };
    await this.jobs.add(tx, TurnAway, payload, { key, maxAttempts: 3 });
  }

  @Runs(TurnAway)
  async turnAway({ botId, who, language }: PayloadOf<typeof TurnAway>): Promise<void> {
    const bot = this.bots.find(botId);
    const channel = this.channels.get(botId);
    if (!bot) throw new BotNotHere(botId);
    const { externalId, personId } = JSON.parse(this.cipher.decrypt(who, WHO, botId)) as Stranger;
    const locale = nearestLanguage(languagesOf(bot), language);
    const text = shared.say(locale, 'notAllowed', { id: personId }, this.bots.section(botId, 'texts', TextsSection));
    for (const message of channel.compose({ text: plainText(text) })) await channel.send({ externalId }, message);
  }
}
