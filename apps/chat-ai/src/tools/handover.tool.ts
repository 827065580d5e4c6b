import { z } from 'zod';
import { AssistantsService } from '../assistants/assistants.service';
import { TicketsService } from '../desk/tickets.service';
import type { ReadTool } from './tool';

const input = z.strictObject({
  reason: z
    .enum(['asked', 'cannot_help', 'complaint'])
    .describe('asked: they want to speak to a human; cannot_help: you have tried, and cannot help.'),
});

/** Takes nothing from the person: they can have the assistant back at any time. */
export const handoverTool = (tickets: TicketsService, assistants: AssistantsService): ReadTool => {
  const tool: ReadTool<typeof input> = {
    name: 'hand_over',
    description:
      'Hands the conversation over to a human of the staff, an operator. Call it when the person wants to talk to a human or has a complaint, or when you cannot help. You stay silent afterwards, until they send /resume.',
    permission: 'read',
    input,
    run: async ({ conversationId, botId }, { reason }) => {
      const { handoverHours } = assistants.get(botId);
      await tickets.handOver(conversationId, reason);
      return {
        handedOver: true,
        next: 'Below your answer the person is told that a human answers here from now on, and that /resume brings you back. Do not repeat it.',
        hours: handoverHours,
      };
    },
  };
  return tool as ReadTool;
};
