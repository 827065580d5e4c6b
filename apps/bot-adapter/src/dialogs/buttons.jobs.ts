import { Injectable } from '@nestjs/common';
import { defineJob, type PayloadOf, Runs } from '@switchboard/service-kit';
import { z } from 'zod';
import { ChannelsService } from '../channels/channels.service';

/** Takes the spinner off a button; a press must always be answered. */
export const AnswerPress = defineJob(
  'answer-press',
  z.object({
    botId: z.string(),
    pressId: z.string(),
    text: z.string().max(200).optional(),
    recordingIn: z
      .object({ externalId: z.string(), threadId: z.string().optional() })
      .optional()
      .describe('A chat that shall see that a voice is being recorded.'),
  }),
);

@Injectable()
export class ButtonsJobs {
  constructor(private readonly channels: ChannelsService) {}

  @Runs(AnswerPress)
  async answer({ botId, pressId, text, recordingIn }: PayloadOf<typeof AnswerPress>): Promise<void> {
    const channel = this.channels.find(botId);
    await channel?.answerPress(pressId, text);
    if (recordingIn) await channel?.showActivity(recordingIn, 'recording').catch(() => undefined);
  }
}
