import { z } from 'zod';
import { Instant, LocalizedText } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';
import { BotId } from './shapes';
import { RegionId } from './vpn-provisioner.events';

// A person's own area: whoever calls is the person whose access is meant.

export const AccessState = openWord(['preparing', 'ready', 'moving', 'paused', 'used-up', 'expired'], {
  id: 'vpn-provisioner.AccessState',
  description: 'Whether what is paid can be used just now.',
});

const Region = z
  .object({ id: RegionId, name: LocalizedText, available: z.boolean(), load: z.int().min(0).max(100) })
  .meta({ id: 'vpn-provisioner.Region' });

const MyServer = z
  .object({
    serverId: z.uuid(),
    name: z.string().describe('As apps show it.'),
    region: RegionId,
    latencyMs: z.int().nullable().describe('As measured from where the person is, else by our own probes.'),
    load: z.int().min(0).max(100),
    best: z.boolean(),
  })
  .meta({ id: 'vpn-provisioner.MyServer' });

const MyAccess = z
  .object({
    id: z.uuid(),
    subscriptionId: z.uuid(),
    botId: BotId,
    state: AccessState,
    link: z.url().nullable().describe('The address that apps are given. Null until there is something behind it.'),
    servers: z.array(MyServer),
    traffic: z.object({
      usedBytes: z.int(),
      limitBytes: z.int().nullable(),
      resetsAt: Instant.nullable(),
      asOf: Instant.nullable().describe('When it was last counted.'),
    }),
    devices: z.object({ used: z.int(), limit: z.int().nullable() }),
  })
  .meta({ id: 'vpn-provisioner.MyAccess' });

export const ListMyAccesses = defineRoute({
  id: 'vpn-provisioner.accesses.list-mine',
  method: 'GET',
  path: '/me/vpn',
  summary: 'What you can connect by: the address for apps, servers, traffic and devices.',
  permission: 'me:read',
  query: z.object({ botId: BotId.optional(), subscriptionId: z.uuid().optional() }),
  answer: z.object({ data: z.array(MyAccess) }),
});

const ofAccess = {
  params: z.object({ accessId: z.uuid() }),
  problems: { 'vpn-provisioner.access_not_found': 404 },
};

export const ChooseMyServer = defineRoute({
  ...ofAccess,
  id: 'vpn-provisioner.accesses.choose-server',
  method: 'POST',
  path: '/me/vpn/{accessId}/region',
  summary: 'Moves you to a server of another region, where there is room.',
  permission: 'me:write',
  idempotent: true,
  body: z.object({ region: RegionId.nullable().describe('Null: wherever it is best.') }),
  answer: MyAccess,
  problems: { ...ofAccess.problems, 'vpn-provisioner.no_capacity': 409 },
});

export const ListRegions = defineRoute({
  id: 'vpn-provisioner.regions.list-mine',
  method: 'GET',
  path: '/me/vpn/regions',
  summary: 'Where there are servers, and how busy they are.',
  permission: 'me:read',
  query: z.object({ botId: BotId }),
  answer: z.object({ data: z.array(Region), maintenance: z.boolean() }),
});

export const ReportMyLatency = defineRoute({
  ...ofAccess,
  id: 'vpn-provisioner.latencies.report',
  method: 'POST',
  path: '/me/vpn/{accessId}/latencies',
  summary: 'What your device has measured to the servers; the best one of them comes first from then on.',
  permission: 'me:write',
  body: z.object({
    measured: z
      .array(z.object({ serverId: z.uuid(), ms: z.int().min(1).max(10_000) }))
      .min(1)
      .max(50),
  }),
});
