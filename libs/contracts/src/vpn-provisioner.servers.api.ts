import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { openWord } from './open-word';
import { RegionId } from './vpn-provisioner.events';

/** By which apps connect to a server; what lets a person in stands apart. */
export const VpnEndpoint = z
  .object({
    protocol: z.enum(['vless', 'trojan', 'shadowsocks', 'outline']),
    host: z.string().min(1).max(255),
    port: z.int().min(1).max(65_535),
    transport: z.enum(['tcp', 'ws', 'grpc', 'httpupgrade', 'xhttp']),
    path: z.string().max(200).optional(),
    hostHeader: z.string().max(255).optional(),
    serviceName: z.string().max(100).optional(),
    security: z.enum(['none', 'tls', 'reality']),
    sni: z.string().max(255).optional(),
    fingerprint: z.string().max(40).optional(),
    alpn: z.array(z.string().max(20)).max(5).optional(),
    publicKey: z.string().max(100).optional(),
    shortId: z.string().max(32).optional(),
    flow: z.string().max(40).optional(),
    cipher: z.string().max(60).optional().describe('Of Shadowsocks.'),
  })
  .meta({ id: 'vpn-provisioner.Endpoint' });

export const ServerState = z.enum(['in-service', 'draining', 'retired']).meta({
  id: 'vpn-provisioner.ServerState',
  description: 'A draining server takes nobody new; a retired one is over.',
});

const HealthState = z.enum(['up', 'down', 'returning']);

const PanelError = openWord(
  [
    'unreachable',
    'timed_out',
    'busy',
    'failed',
    'unintelligible',
    'unauthorized',
    'certificate',
    'refused',
    'disagrees',
  ],
  {
    id: 'vpn-provisioner.PanelError',
    description: 'Why a panel gives no answer that is of use.',
  },
);

const settings = {
  name: z.string().trim().min(1).max(60).describe('As apps of people show it: "Frankfurt 1".'),
  region: RegionId,
  capacity: z.int().min(0).max(1_000_000).describe('People that it may serve.'),
  weight: z.number().min(0.01).max(100).describe('Of two alike, one with double the weight gets double the people.'),
  monthlyCostMinor: AmountMinor,
  currency: Currency,
  panelKind: z.string().max(40).describe('One of the panel kinds.'),
  url: z.url({ protocol: /^https?$/ }).max(500),
  settings: z.record(z.string(), z.unknown()).describe('As the panel kind has them.'),
  endpoints: z.array(VpnEndpoint).max(20),
  parallelCalls: z.int().min(1).max(64).describe('Calls to its panel side by side.'),
};
const secrets = z
  .record(z.string().max(40), z.string().min(1).max(4000))
  .describe('As the panel kind names them. They are never given out again.');

const Server = z
  .object({
    id: z.uuid(),
    ...settings,
    url: z.string().describe('Without its path, which is the password of some panels.'),
    secretNames: z.array(z.string()).describe('Which secrets it has.'),
    state: ServerState,
    people: z.int().describe('Whom it serves, and who are on their way to it.'),
    leaving: z.int().describe('Users on its panel that are to go.'),
    waiting: z.int().describe('Users that its panel has not confirmed yet.'),
    health: z.object({
      state: HealthState,
      since: Instant,
      probedAt: Instant.nullable(),
      latencyMs: z.int().nullable(),
      onlineUsers: z.int().nullable(),
      cpu: z.number().nullable(),
      memory: z.number().nullable(),
      version: z.string().nullable(),
      error: PanelError.nullable(),
    }),
    revision: z.int(),
    createdAt: Instant,
    changedAt: Instant,
  })
  .meta({ id: 'vpn-provisioner.Server' });

const WhichServer = z.object({ serverId: z.uuid() });
const NotFound = { 'vpn-provisioner.server_not_found': 404 } as const;
const Refused = {
  'vpn-provisioner.panel_kind_unknown': 422,
  'vpn-provisioner.address_refused': 422,
  'vpn-provisioner.panel_taken': 422,
  'vpn-provisioner.panel_unreachable': 422,
  'vpn-provisioner.server_name_taken': 422,
} as const;
const force = z.boolean().default(false).describe('Also when its panel does not answer now.');

export const ListPanelKinds = defineRoute({
  id: 'vpn-provisioner.panel-kinds.list',
  method: 'GET',
  path: '/vpn/panel-kinds',
  summary: 'The panels that servers can be run by, and what each needs to be told.',
  permission: 'servers:read',
  answer: z.object({
    data: z.array(
      z.object({
        kind: z.string(),
        settings: z.record(z.string(), z.unknown()).describe('JSON Schema.'),
        secrets: z.array(z.string()),
        lacks: z.array(z.string()).describe('What it cannot do by itself, and is done here.'),
      }),
    ),
  }),
});

export const ListServers = defineRoute({
  id: 'vpn-provisioner.servers.list',
  method: 'GET',
  path: '/vpn/servers',
  summary: 'All servers by name, with whom they serve and how they are.',
  permission: 'servers:read',
  query: z.object({ region: RegionId.optional(), state: ServerState.optional() }),
  answer: z.object({ data: z.array(Server) }),
});

export const ReadServer = defineRoute({
  id: 'vpn-provisioner.servers.read',
  method: 'GET',
  path: '/vpn/servers/{serverId}',
  summary: 'One server.',
  permission: 'servers:read',
  params: WhichServer,
  answer: Server,
  etag: 'revision',
  problems: NotFound,
});

export const CreateServer = defineRoute({
  id: 'vpn-provisioner.servers.create',
  method: 'POST',
  path: '/vpn/servers',
  summary: 'Adds a server, when its panel answers. It serves people from its first good probe on.',
  permission: 'servers:write',
  idempotent: true,
  body: z.object({
    ...settings,
    weight: settings.weight.default(1),
    settings: settings.settings.default({}),
    endpoints: settings.endpoints.default([]),
    parallelCalls: settings.parallelCalls.default(4),
    secrets: secrets.default({}),
    force,
  }),
  answer: Server,
  status: 201,
  problems: Refused,
});

export const ChangeServer = defineRoute({
  id: 'vpn-provisioner.servers.change',
  method: 'PATCH',
  path: '/vpn/servers/{serverId}',
  summary:
    'Changes a server. Another panel or address is taken when it answers; secrets that are not named stay. It can be retired when it serves nobody; with `force` also when users are left on a panel that is gone for good.',
  permission: 'servers:write',
  params: WhichServer,
  body: z
    .object({ ...settings, state: ServerState, secrets })
    .omit({ panelKind: true })
    .partial()
    .extend({ force }),
  answer: Server,
  etag: 'revision',
  ifMatch: true,
  problems: { ...NotFound, ...Refused, 'vpn-provisioner.server_in_use': 409 },
});

export const TryServer = defineRoute({
  id: 'vpn-provisioner.servers.try',
  method: 'POST',
  path: '/vpn/server-trials',
  summary:
    'Asks a panel how it is, before it is saved. With the id of a server its own secrets count where none are given.',
  permission: 'servers:write',
  body: z.object({
    serverId: z.uuid().optional(),
    panelKind: settings.panelKind,
    url: settings.url.optional(),
    settings: settings.settings.default({}),
    secrets: secrets.default({}),
  }),
  answer: z.object({
    answers: z.boolean(),
    error: PanelError.nullable(),
    detail: z.string().nullable().describe('As the panel or the network says it.'),
    latencyMs: z.int().nullable(),
    version: z.string().nullable(),
    onlineUsers: z.int().nullable(),
  }),
  problems: { ...NotFound, 'vpn-provisioner.panel_kind_unknown': 422, 'vpn-provisioner.address_refused': 422 },
});

export const ListHealthSamples = defineRoute({
  id: 'vpn-provisioner.health-samples.list',
  method: 'GET',
  path: '/vpn/servers/{serverId}/health',
  summary: 'How a server was, minute by minute; kept for a week.',
  permission: 'servers:read',
  params: WhichServer,
  query: z.object({ hours: z.coerce.number<number>().int().min(1).max(168).default(24) }),
  answer: z.object({
    data: z.array(
      z.object({
        at: Instant,
        probes: z.int(),
        failures: z.int(),
        latencyMs: z.int().nullable(),
        onlineUsers: z.int().nullable(),
        cpu: z.number().nullable(),
        memory: z.number().nullable(),
      }),
    ),
  }),
  problems: NotFound,
});

export const CheckDrift = defineRoute({
  id: 'vpn-provisioner.drift-checks.request',
  method: 'POST',
  path: '/vpn/servers/{serverId}/drift-checks',
  summary: 'Has a panel compared with what is owed, and put right.',
  permission: 'servers:write',
  params: WhichServer,
  query: z.object({
    removals: z.coerce
      .number<number>()
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('So many users that nobody is owed are removed, of which a report has said that they are held.'),
  }),
  status: 202,
  idempotent: true,
  answer: z.object({ serverId: z.uuid() }),
  problems: NotFound,
});

export const ListDriftReports = defineRoute({
  id: 'vpn-provisioner.drift-reports.list',
  method: 'GET',
  path: '/vpn/servers/{serverId}/drift-reports',
  summary: 'What a panel was found to hold, the latest first; kept for 90 days.',
  permission: 'servers:read',
  params: WhichServer,
  answer: z.object({
    data: z.array(
      z.object({
        id: z.uuid(),
        at: Instant,
        seen: z.int().describe('Users of the panel.'),
        repaired: z.int().describe('Ours that were missing or wrong.'),
        orphans: z.int().describe('Ours that nobody is owed: removed.'),
        held: z.int().describe('Ours that nobody is owed, and too many to be removed before staff have said so.'),
        strangers: z.int().describe('Not ours: left alone.'),
      }),
    ),
  }),
  problems: NotFound,
});

const Maintenance = z
  .object({
    on: z.boolean(),
    byStaff: z.boolean(),
    automatic: z.boolean().describe('No server can serve anybody.'),
    since: Instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: 'vpn-provisioner.Maintenance' });

export const ReadMaintenance = defineRoute({
  id: 'vpn-provisioner.maintenance.read',
  method: 'GET',
  path: '/vpn/maintenance',
  summary: 'Whether people are told that nothing can be served just now.',
  permission: 'servers:read',
  answer: Maintenance,
  etag: 'revision',
});

export const SetMaintenance = defineRoute({
  id: 'vpn-provisioner.maintenance.set',
  method: 'PUT',
  path: '/vpn/maintenance',
  summary: 'Switches maintenance on, or off again. What began by itself ends by itself.',
  permission: 'servers:write',
  body: z.object({ on: z.boolean() }),
  answer: Maintenance,
  etag: 'revision',
  ifMatch: true,
});

export const ReadVpnStatus = defineRoute({
  id: 'vpn-provisioner.status.read',
  method: 'GET',
  path: '/vpn/status',
  summary: 'Whether anything can be served, and in which regions: for shops and pages.',
  permission: 'servers:read',
  callers: ['bot-adapter', 'payments', 'chat-ai'],
  answer: z.object({
    maintenance: z.boolean(),
    regions: z.array(z.object({ id: RegionId, available: z.boolean(), load: z.int().min(0).max(100) })),
  }),
});
