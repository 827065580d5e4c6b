import { Injectable } from '@nestjs/common';
import { BotsRegistry, defineJob, FieldCipher, type PayloadOf, Runs } from '@switchboard/service-kit';
import { z } from 'zod';
import { TextsSection } from '../bots/bot-sections';
import { ChannelsService } from '../channels/channels.service';
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
    private readonly cipher: FieldCipher,
  ) {}

  seal(botId: string, who: Stranger): string {
    return this.cipher.encrypt(JSON.stringify(who), WHO, botId);
  }

  @Runs(TurnAway)
  async turnAway({ botId, who, language }: PayloadOf<typeof TurnAway>): Promise<void> {
    const bot = this.bots.find(botId);
    const channel = this.channels.find(botId);
    if (!bot || !channel) return;
    const { externalId, personId } = JSON.parse(this.cipher.decrypt(who, WHO, botId)) as Stranger;
    const locale = nearestLanguage(languagesOf(bot), language);
    const text = shared.say(locale, 'notAllowed', { id: personId }, this.bots.section(botId, 'texts', TextsSection));
    for (const message of channel.compose({ text: plainText(text) })) await channel.send({ externalId }, message);
  }
}
