import {
  gatewayConsentsGive,
  gatewayConsentsWithdraw,
  gatewayMeChange,
  gatewayMeReadOptions,
  type GatewayProfile,
  type GatewayProfileChange,
} from '@switchboard/api-client';
import { queryOptions } from '@tanstack/react-query';
import { etagOf, refresh, tellProblem } from '../http/api';

export const profileQuery = queryOptions({ ...gatewayMeReadOptions(), staleTime: 60_000 });

export async function changeProfile({ revision }: GatewayProfile, change: GatewayProfileChange): Promise<void> {
  try {
    await gatewayMeChange({ headers: { 'If-Match': etagOf(revision) }, body: change });
  } finally {
    await refresh('gatewayMeRead');
  }
}

/** What can be agreed to on this page. By this version the text of it is found again, also when it has been rewritten since. */
export const offered = { analytics: '2026-11-27', marketing: '2026-11-27' } as const;
export type Offered = keyof typeof offered;

/** Answers whether it was done. */
export async function setConsent(purpose: Offered, isGiven: boolean): Promise<boolean> {
  try {
    if (isGiven) await gatewayConsentsGive({ path: { purpose }, body: { version: offered[purpose] } });
    else await gatewayConsentsWithdraw({ path: { purpose } });
    return true;
  } catch (error) {
    tellProblem(error);
    return false;
  } finally {
    await refresh('gatewayConsents', 'analyticsMe');
  }
}

export const zoneOfBrowser = Intl.DateTimeFormat().resolvedOptions().timeZone;
