import type { DataMap } from '@switchboard/service-kit';

export const gatewayDataMap: DataMap = {};
