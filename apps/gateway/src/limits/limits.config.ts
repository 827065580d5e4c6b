import { secret } from '@switchboard/service-kit';
import { z } from 'zod';

/** Where calls are counted. */
export const limitsVariables = {
  REDIS_URL: secret()
    .optional()
    .describe('redis://… where all replicas count calls together; without it each counts its share in memory.'),
};

const config = z.object(limitsVariables);
export type LimitsConfig = z.output<typeof config>;
