import { z } from 'zod';

/** The variables that only this service reads; their names begin with `ANALYTICS_`. */
export const analyticsConfig = z.object({});
