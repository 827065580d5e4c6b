import { Injectable } from '@nestjs/common';
import { defineJob, FieldCipher, type PayloadOf, Runs } from '@switchboard/service-kit';
import { z } from 'zod';
import type { ChatAddress } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';

/** Takes the spinner off a button; a press must always be answered. */
export const AnswerPress = defineJob(
  'answer-press',
  z.object({
    botId: z.string(),
    answer: z.string().describe('Encrypted: ids of presses and chats tell who it was.'),
  }),
);

export interface PressAnswer {
  readonly pressId: string;
  /** 200 characters at most. */
  readonly text?: string;
  /** A chat that shall see that a voice is being recorded. */
  readonly recordingIn?: ChatAddress;
}

const ANSWER = 'answer-press.answer';

@Injectable()
export class ButtonsJobs {
  constructor(
    private readonly channels: ChannelsService,
    private readonly cipher: FieldCipher,
  ) {}

  seal(botId: string, answer: PressAnswer): PayloadOf<typeof AnswerPress> {
    return { botId, answer: this.cipher.encrypt(JSON.stringify(answer), ANSWER, botId) };
  }

  @Runs(AnswerPress)
  async answer({ botId, answer }: PayloadOf<typeof AnswerPress>): Promise<void> {
    const { pressId, text, recordingIn } = JSON.parse(this.cipher.decrypt(answer, ANSWER, botId)) as PressAnswer;
    const channel = this.channels.get(botId);
    await channel.answerPress(pressId, text);
    if (recordingIn) await channel.showActivity(recordingIn, 'recording').catch(() => undefined);
  }
}
