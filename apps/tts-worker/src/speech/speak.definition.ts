import { defineJob } from '@switchboard/service-kit';
import { z } from 'zod';

/** Makes one audio and answers everyone who waits for it. */
export const Speak = defineJob('speak', z.object({ audioId: z.string() }));
