import { type AnalyticsExport, analyticsExportsListOptions } from '@switchboard/api-client';

const LOOK_AGAIN_MS = 2000;

const isOnItsWay = ({ state }: AnalyticsExport) => state === 'waiting' || state === 'running';

/** Files that were asked for, the newest first; asked anew while one of them is being written. */
export const exportsQuery = (query: { after?: string; limit: number }) => {
  const options = analyticsExportsListOptions({ query });
  return {
    ...options,
    refetchInterval: ({ state }: { state: { data?: { data: AnalyticsExport[] } } }) =>
      state.data?.data.some(isOnItsWay) ? LOOK_AGAIN_MS : (false as const),
  };
};
