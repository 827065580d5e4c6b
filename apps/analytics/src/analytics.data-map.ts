import type { DataMap } from '@switchboard/service-kit';

export const analyticsDataMap: DataMap = {};
