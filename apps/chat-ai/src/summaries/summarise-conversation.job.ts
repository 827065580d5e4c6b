import { defineJob } from '@switchboard/service-kit';
import { z } from 'zod';

/** Condenses what was said in a conversation, all but its end. */
export const SummariseConversation = defineJob('summarise-conversation', z.object({ conversationId: z.uuid() }));
