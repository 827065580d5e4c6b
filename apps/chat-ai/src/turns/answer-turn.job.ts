import { defineJob, type Jobs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';

/** Answers all pending messages of a conversation. */
export const AnswerTurn = defineJob('answer-turn', z.object({ conversationId: z.uuid() }));

/** With the queue's growing pauses, about a minute and a half until the person gets an apology. */
const MAX_ATTEMPTS = 5;

/**
 * Asks for an answer when `tx` commits. However often it is asked for, one turn waits per conversation; turns of one
 * chat run one after the other.
 */
export const askForAnswer = (
  jobs: Jobs,
  tx: EntityManager,
  { conversationId, chatId }: { conversationId: string; chatId: string },
  delayMs = 0,
) =>
  jobs.add(
    tx,
    AnswerTurn,
    { conversationId },
    { key: `turn:${conversationId}`, queue: `chat:${chatId}`, maxAttempts: MAX_ATTEMPTS, delayMs },
  );
