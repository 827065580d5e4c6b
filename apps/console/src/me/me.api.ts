import { gatewayConsentsGive, gatewayConsentsWithdraw, gatewayMeReadOptions } from '@switchboard/api-client';
import { queryOptions } from '@tanstack/react-query';
import { refresh, tellProblem } from '../http/api';

export const profileQuery = queryOptions({ ...gatewayMeReadOptions(), staleTime: 60_000 });

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
