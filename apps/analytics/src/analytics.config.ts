import { z } from 'zod';

const months = (usual: number) => z.coerce.number().int().min(1).max(1200).default(usual);

/** The variables that only this service reads; their names begin with `ANALYTICS_`. */
export const analyticsConfig = z.object({
  ANALYTICS_KEEP_EVENTS_MONTHS: months(13).describe(
    'Whole months of events that are kept besides the present one; older ones lie in storage only.',
  ),
  ANALYTICS_KEEP_MEASURES_MONTHS: months(25).describe(
    'How long counts of a quarter of an hour, and who was active when, are kept; counts of days stay for good.',
  ),
});

export type AnalyticsConfig = z.output<typeof analyticsConfig>;
