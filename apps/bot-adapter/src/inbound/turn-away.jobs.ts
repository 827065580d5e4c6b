import { Injectable } from '@nestjs/common';
import { BotsRegistry, defineJob, type PayloadOf, Runs } from '@switchboard/service-kit';
import { z } from 'zod';
import { TextsSection } from '../bots/bot-sections';
import { ChannelsService } from '../channels/channels.service';
import { languagesOf } from '../contacts/contacts.service';
import { plainText } from '../rich-text/rich-text';
import { nearestLanguage, shared } from '../texts/catalogue';

/** Tells somebody who was not invited that the bot does not talk to them, and by which id they could be. */
export const TurnAway = defineJob(
  'turn-away',
  z.object({ botId: z.string(), externalId: z.string(), personId: z.string(), language: z.string().optional() }),
);

@Injectable()
export class TurnAwayJobs {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
  ) {}

  @Runs(TurnAway)
  async turnAway({ botId, externalId, personId, language }: PayloadOf<typeof TurnAway>): Promise<void> {
    const bot = this.bots.find(botId);
    const channel = this.channels.find(botId);
    if (!bot || !channel) return;
    const locale = nearestLanguage(languagesOf(bot), language);
    const text = shared.say(locale, 'notAllowed', { id: personId }, this.bots.section(botId, 'texts', TextsSection));
    for (const message of channel.compose({ text: plainText(text) })) await channel.send({ externalId }, message);
  }
}
