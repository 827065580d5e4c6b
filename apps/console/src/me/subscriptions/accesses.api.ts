import {
  vpnProvisionerAccessesListMineOptions,
  type VpnProvisionerMyAccess,
  type VpnProvisionerRegionsListMineResponse,
} from '@switchboard/api-client';
import { useQuery } from '@tanstack/react-query';

export type Access = VpnProvisionerMyAccess;
export type Region = VpnProvisionerRegionsListMineResponse['data'][number];

/** While it is set up or moved. */
const ASKED_MS = 3000;

/** What can be connected by what is subscribed to. @param isNeeded false where nothing of it is a VPN */
export const useAccesses = (isNeeded: boolean) =>
  useQuery({
    ...vpnProvisionerAccessesListMineOptions(),
    enabled: isNeeded,
    refetchInterval: ({ state }) =>
      state.data?.data.some((access) => ['preparing', 'moving'].includes(access.state)) && ASKED_MS,
  });
