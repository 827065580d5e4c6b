import { defineJob } from '@switchboard/service-kit';
import { z } from 'zod';

/** Condenses what was said in a conversation, all but its end. */
export const SummariseConversation = defineJob('summarise-conversation', z.object({ conversationId: z.uuid() }));

/** History is condensed when it takes more than this share of the context. */
export const SUMMARISE_FROM = 0.5;
