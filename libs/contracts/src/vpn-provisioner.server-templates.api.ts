import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { RegionId } from './vpn-provisioner.events';
import { VpnEndpoint } from './vpn-provisioner.servers.api';

const secrets = z
  .record(z.string().max(40), z.string().min(1).max(4000))
  .describe('By name. They are never given out again; those that are not named stay.');

const settings = {
  cloudKind: z.string().max(40).describe('`hetzner`.'),
  cloudSettings: z.record(z.string(), z.unknown()).default({}).describe('As the cloud has them.'),
  plan: z.string().min(1).max(60).describe('As the cloud names it: `cx23`.'),
  location: z.string().min(1).max(60).describe('As the cloud names it: `fsn1`.'),
  maxServers: z.int().min(1).max(100).describe('More than so many are not made for the region.'),
  automatic: z
    .boolean()
    .default(false)
    .describe('Made as soon as the forecast proposes one, without anybody who accepts it.'),
  serverName: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .describe('As apps of people show it; `{number}` is the next one: `Frankfurt {number}`.'),
  capacity: z.int().min(1).max(1_000_000).describe('People that it may serve.'),
  monthlyCostMinor: AmountMinor,
  currency: Currency,
  panelKind: z.string().max(40).describe('One of the panel kinds.'),
  panelUrl: z
    .string()
    .min(1)
    .max(500)
    .describe('With `{address}` and `{name}` of the server: `https://{address}:8000`.'),
  panelSettings: z.record(z.string(), z.unknown()).default({}).describe('As the panel kind has them.'),
  endpoints: z.array(VpnEndpoint).max(20).default([]).describe('With `{address}` where the host belongs.'),
};

const ServerTemplate = z
  .object({
    region: RegionId,
    ...settings,
    hasUserData: z.boolean().describe('Whether a server is told what to do at its first start.'),
    cloudSecretNames: z.array(z.string()),
    panelSecretNames: z.array(z.string()),
    changedAt: Instant,
  })
  .meta({
    id: 'vpn-provisioner.ServerTemplate',
    description: 'What a new server of a region is made of, and where.',
  });

const WhichRegion = z.object({ region: RegionId });
const NotFound = { 'vpn-provisioner.server_template_not_found': 404 } as const;

export const ListServerTemplates = defineRoute({
  id: 'vpn-provisioner.server-templates.list',
  method: 'GET',
  path: '/vpn/server-templates',
  summary: 'For which regions servers can be made, and of what.',
  permission: 'servers:read',
  answer: z.object({
    data: z.array(ServerTemplate),
    cloudKinds: z.array(z.object({ kind: z.string(), secrets: z.array(z.string()) })),
  }),
});

export const SetServerTemplate = defineRoute({
  id: 'vpn-provisioner.server-templates.set',
  method: 'PUT',
  path: '/vpn/server-templates/{region}',
  summary: 'Sets what a new server of a region is made of. The cloud is asked whether it has the plan at that place.',
  permission: 'servers:write',
  params: WhichRegion,
  body: z.object({
    ...settings,
    userData: z
      .string()
      .max(32_768)
      .optional()
      .describe('For cloud-init, which sets up the panel with the secrets below. Never given out again.'),
    cloudSecrets: secrets.default({}),
    panelSecrets: secrets.default({}),
  }),
  answer: ServerTemplate,
  problems: { 'vpn-provisioner.cloud_refused': 422, 'vpn-provisioner.panel_kind_unknown': 422 },
});

export const RemoveServerTemplate = defineRoute({
  id: 'vpn-provisioner.server-templates.remove',
  method: 'DELETE',
  path: '/vpn/server-templates/{region}',
  summary: 'From now on no server is made for the region. Those that there are stay.',
  permission: 'servers:write',
  params: WhichRegion,
  problems: NotFound,
});
