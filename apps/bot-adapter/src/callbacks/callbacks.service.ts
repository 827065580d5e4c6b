import { Injectable } from '@nestjs/common';
import { Locale } from '@switchboard/contracts';
import { Clock, defineJob, Jobs, Runs } from '@switchboard/service-kit';
import { randomBytes } from 'node:crypto';
import { type EntityManager, MoreThan } from 'typeorm';
import { z } from 'zod';
import { ChannelsService } from '../channels/channels.service';
import { daysAfter, KEPT_DAYS } from '../retention/kept-days';
import { Callback } from './callback.entity';

export const Action = z.discriminatedUnion('do', [
  z.object({ do: z.literal('speak'), replyId: z.uuid() }),
  z.object({ do: z.literal('voice'), mode: z.enum(['off', 'also']) }),
  z.object({ do: z.literal('language'), locale: Locale }),
]);
export type Action = z.output<typeof Action>;

const AnswerPress = defineJob(
  'answer-press',
  z.object({
    botId: z.string(),
    pressId: z.string(),
    text: z.string().max(200).optional(),
    recordingIn: z
      .string()
      .optional()
      .describe('The external id of a chat that shall see that a voice is being recorded.'),
  }),
);

/** The buttons under messages: what they do stays here, they themselves carry an opaque id. */
@Injectable()
export class Callbacks {
  constructor(
    private readonly jobs: Jobs,
    private readonly channels: ChannelsService,
    private readonly clock: Clock,
  ) {}

  /** Returns the ids to be put on buttons, in the order of the actions. */
  async create(tx: EntityManager, chatId: string, actions: Action[]): Promise<string[]> {
    const expiresAt = daysAfter(this.clock.now(), KEPT_DAYS.content);
    const rows = actions.map((action) => ({ id: randomBytes(15).toString('base64url'), chatId, action, expiresAt }));
    await tx.createQueryBuilder().insert().into(Callback).values(rows).execute();
    return rows.map(({ id }) => id);
  }

  /** Undefined for a button that is too old, of another chat, or never was ours. */
  async find(tx: EntityManager, chatId: string, id: string): Promise<Action | undefined> {
    const row = await tx.findOneBy(Callback, { id, chatId, expiresAt: MoreThan(this.clock.now()) });
    return Action.safeParse(row?.action).data;
  }

  /** Takes the spinner off the button soon; a press must always be answered. */
  async answer(tx: EntityManager, press: z.input<typeof AnswerPress.schema>): Promise<void> {
    // Telegram soon forgets a press, so there is no use in many tries.
    await this.jobs.add(tx, AnswerPress, press, { maxAttempts: 3 });
  }

  @Runs(AnswerPress)
  async run({ botId, pressId, text, recordingIn }: z.output<typeof AnswerPress.schema>): Promise<void> {
    const channel = this.channels.find(botId);
    await channel?.answerPress(pressId, text);
    if (recordingIn) await channel?.showActivity({ externalId: recordingIn }, 'recording').catch(() => undefined);
  }
}
