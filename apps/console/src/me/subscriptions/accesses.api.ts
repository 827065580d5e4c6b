import {
  vpnProvisionerAccessesListMineOptions,
  type VpnProvisionerMyAccess,
  type VpnProvisionerRegionsListMineResponse,
} from '@switchboard/api-client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { isVpn, type Subscription } from '../shop/shop.api';

export type Access = VpnProvisionerMyAccess;
export type Region = VpnProvisionerRegionsListMineResponse['data'][number];

/** While it is set up or moved. */
const ASKED_MS = 3000;

/** So long after a purchase it may not be there yet: events are on their way. */
const AWAITED_MS = 120_000;

const isServed = (subscription: Subscription): boolean =>
  isVpn(subscription) && ['trial', 'active', 'grace'].includes(subscription.status);

/** What can be connected by what is subscribed to, which is waited for a while where there is none yet. */
export function useAccesses(subscriptions: readonly Subscription[] | undefined) {
  const [since] = useState(Date.now);
  const served = subscriptions?.filter(isServed) ?? [];
  const isMissing = (accesses: readonly Access[], { id }: Subscription) =>
    accesses.every(({ subscriptionId }) => subscriptionId !== id);
  const answer = useQuery({
    ...vpnProvisionerAccessesListMineOptions(),
    enabled: subscriptions?.some(isVpn) ?? false,
    refetchInterval: ({ state: { data } }) => {
      if (!data) return false;
      const isUnderWay = data.data.some((access) => ['preparing', 'moving'].includes(access.state));
      const isAwaited = Date.now() - since < AWAITED_MS && served.some((one) => isMissing(data.data, one));
      return (isUnderWay || isAwaited) && ASKED_MS;
    },
  });
  const known = answer.data?.data;
  return {
    answer,
    of: ({ id }: Subscription) => known?.find(({ subscriptionId }) => subscriptionId === id),
    isAwaited: (subscription: Subscription) =>
      known !== undefined && isServed(subscription) && isMissing(known, subscription),
  };
}
