import { GIGABYTE, ListMyAccesses, ListMyDevices, localized, ListRegions } from '@switchboard/contracts';
import type { ServiceClient } from '@switchboard/service-kit';
import { z } from 'zod';
import { ASK_TIMEOUT_MS, asCaller, momentOf, type ReadTool } from './tool';

const gigabytes = (bytes: number) => Math.round((bytes / GIGABYTE) * 10) / 10;

/** More of them nobody asks about at once. */
const MOST_DEVICES = 10;

/** How the person's VPN is, as vpn-provisioner knows it. */
export const vpnTool = (services: ServiceClient): ReadTool => ({
  name: 'my_vpn',
  description:
    'How the VPN of the person you talk with is at this moment: whether it works, its servers with their load and latency, traffic used and left, devices. Call it when the VPN is slow or does not connect.',
  permission: 'read',
  input: z.strictObject({}),
  run: async (caller, _input, signal) => {
    const asked = { actor: asCaller(caller, 'me:read'), timeoutMs: ASK_TIMEOUT_MS, signal };
    const ofBot = { query: { botId: caller.botId } };
    const [{ data }, { data: regions, maintenance }] = await Promise.all([
      services.call(ListMyAccesses, ofBot, asked),
      services.call(ListRegions, ofBot, asked),
    ]);
    const nameOf = (region: string) => {
      const known = regions.find(({ id }) => id === region);
      return known ? localized(known.name, caller.locale) : region;
    };
    const accesses = data.map(async ({ id, state, servers, traffic, devices }) => {
      const known = await services.call(ListMyDevices, { params: { accessId: id } }, asked);
      return {
        state,
        servers: servers.map(({ name, region, latencyMs, load, best }) => ({
          name,
          region: nameOf(region),
          loadPercent: load,
          ...(latencyMs !== null && { latencyMs }),
          ...(best && { best }),
        })),
        traffic: {
          usedGb: gigabytes(traffic.usedBytes),
          limitGb: traffic.limitBytes === null ? 'unlimited' : gigabytes(traffic.limitBytes),
          ...(traffic.resetsAt && { resets: momentOf(traffic.resetsAt, caller) }),
        },
        devices: {
          used: devices.used,
          limit: devices.limit ?? 'unlimited',
          known: known.data
            .slice(0, MOST_DEVICES)
            .map(({ name, seenAt }) => ({ name, seen: momentOf(seenAt, caller) })),
        },
      };
    });
    // The address of the servers is as good as a key, and stays here.
    return { maintenance, accesses: await Promise.all(accesses) };
  },
});
