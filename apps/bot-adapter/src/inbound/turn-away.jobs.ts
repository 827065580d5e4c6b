import { Injectable } from '@nestjs/common';
import type { Bot } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
  FieldCipher,
  type JobRun,
  Jobs,
  type PayloadOf,
  Runs,
} from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { TextsSection } from '../bots/bot-sections';
import type { InboundChat, InboundPerson } from '../channels/channel';
import { BotNotHere, ChannelBusy, Unreachable } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { ChatAddresses } from '../contacts/chat-addresses';
import { languagesOf } from '../contacts/contacts.service';
import { SendLimits } from '../deliveries/send-limits';
import { plainText } from '../rich-text/rich-text';
import { nearestLanguage, shared } from '../texts/catalogue';

/** Tells somebody who was not invited that the bot does not talk to them, and by which id they could be. */
export const TurnAway = defineJob(
  'turn-away',
  z.object({
    botId: z.string(),
    who: z.string().describe('Encrypted: nothing of them is kept.'),
    hash: z.string().describe("Keyed, of the channel's id of the chat."),
    language: z.string().optional(),
  }),
);

interface Stranger {
  /** Of the chat. */
  readonly externalId: string;
  readonly personId: string;
}

const WHO = 'turn-away.who';
const TELL_AGAIN_AFTER_MS = 60_000;

@Injectable()
export class TurnAwayJobs {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly addresses: ChatAddresses,
    private readonly jobs: Jobs,
    private readonly cipher: FieldCipher,
    private readonly limits: SendLimits,
    private readonly clock: Clock,
  ) {}

  /** Whoever was not invited is told so, at most once a minute; only that, and by a hash, is remembered for so long. */
  async request(
    tx: EntityManager,
    bot: Bot,
    { chat, from }: { chat: InboundChat; from: InboundPerson },
  ): Promise<void> {
    if (chat.kind === 'group') return;
    const stranger: Stranger = { externalId: chat.externalId, personId: from.externalId };
    const who = this.cipher.encrypt(JSON.stringify(stranger), WHO, bot.id);
    const hash = this.addresses.hash(bot.channel.kind, chat.externalId);
    const now = this.clock.now();
    const isToBeTold = await tx.query<unknown[]>(
      `INSERT INTO turned_away AS known (bot_id, external_hash, told_at) VALUES ($1, $2, $3)
       ON CONFLICT (bot_id, external_hash) DO UPDATE SET told_at = excluded.told_at WHERE known.told_at < $4
       RETURNING 1`,
      [bot.id, hash, now, new Date(now.getTime() - TELL_AGAIN_AFTER_MS)],
    );
    if (isToBeTold.length === 0) return;
    const payload = { botId: bot.id, who, hash, ...(from.language && { language: from.language }) };
    await this.add(tx, payload);
  }

  private add(tx: EntityManager, payload: PayloadOf<typeof TurnAway>, delayMs = 0): Promise<void> {
    const key = `turn-away:${payload.botId}:${payload.hash}`;
    return this.jobs.add(tx, TurnAway, payload, { key, delayMs, maxAttempts: 3 });
  }

  @Runs(TurnAway)
  async turnAway(payload: PayloadOf<typeof TurnAway>, { signal }: JobRun): Promise<void> {
    const { botId, who, hash, language } = payload;
    const bot = this.bots.find(botId);
    const channel = this.channels.get(botId);
    if (!bot) throw new BotNotHere(botId);
    // A stranger's chat has no row; it counts against the limits of the bot as any other.
    const chat = { id: hash, botId, kind: 'private' } as const;
    const right = this.limits.reserve(chat);
    if ('askAgainMs' in right) return this.db.transaction((tx) => this.add(tx, payload, right.askAgainMs));
    if (right.waitMs > 0) await sleep(right.waitMs, undefined, { signal });
    const { externalId, personId } = JSON.parse(this.cipher.decrypt(who, WHO, botId)) as Stranger;
    const locale = nearestLanguage(languagesOf(bot), language);
    const text = shared.say(locale, 'notAllowed', { id: personId }, this.bots.section(botId, 'texts', TextsSection));
    try {
      for (const message of channel.compose({ text: plainText(text) })) await channel.send({ externalId }, message);
    } catch (error) {
      if (error instanceof Unreachable) return;
      if (!(error instanceof ChannelBusy)) throw error;
      this.limits.backOff(chat, error);
      return this.db.transaction((tx) => this.add(tx, payload, error.retryAfterSeconds * 1000));
    }
  }
}
