import { defineJob } from '@switchboard/service-kit';
import { z } from 'zod';

/** Turns one voice message into words. */
export const Transcribe = defineJob('transcribe', z.object({ messageId: z.uuid() }));
