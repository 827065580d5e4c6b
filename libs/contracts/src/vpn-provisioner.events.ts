import { z } from 'zod';
import { defineEvent } from './define-event';
import { Currency } from './money';
import { openWord } from './open-word';
import { definePersonErased } from './person-erased';
import { BotId } from './shapes';

export const RegionId = z
  .string()
  .regex(/^[a-z]{2}(-[a-z0-9]{1,20})?$/)
  .meta({
    id: 'vpn-provisioner.RegionId',
    description: 'A country, and a place in it where there are several: "de", "us-east".',
  });

const ServerId = z.uuid();

const ofAccess = {
  accessId: z.uuid(),
  subscriptionId: z.uuid(),
  userId: z.uuid().describe('The person, one id everywhere.'),
  botId: BotId,
  revision: z.int().positive().describe('That of the subscription which is served.'),
};

const WhichServer = z.object({ serverId: ServerId, region: RegionId });

export const AccessGranted = defineEvent(
  'vpn-provisioner.access.granted.v1',
  z.object({
    ...ofAccess,
    servers: z.array(WhichServer).min(1),
    first: z.boolean().describe('The person had nothing of this subscription before: they are shown how to begin.'),
    grantedAt: z.iso.datetime(),
  }),
  { subject: 'accessId', summary: 'What a subscription is owed is there: each panel was asked and says so.' },
);

export const AccessRevokedReason = openWord(['expired', 'paused', 'ended', 'traffic_used', 'misuse'], {
  id: 'vpn-provisioner.AccessRevokedReason',
  description: 'Why an access serves no more.',
});

export const AccessRevoked = defineEvent(
  'vpn-provisioner.access.revoked.v1',
  z.object({ ...ofAccess, reason: AccessRevokedReason }),
  { subject: 'accessId', summary: 'No panel serves an access any more.' },
);

export const MoveReason = openWord(['server_down', 'planned', 'rebalanced', 'chosen', 'rolled_back'], {
  id: 'vpn-provisioner.MoveReason',
  description: 'Why an access is served by another server.',
});

export const AccessMoved = defineEvent(
  'vpn-provisioner.access.moved.v1',
  z.object({ ...ofAccess, from: WhichServer, to: WhichServer, reason: MoveReason }),
  { subject: 'accessId', summary: 'An access is served by another server. The address that the person holds stays.' },
);

export const AccessDelayed = defineEvent(
  'vpn-provisioner.access.delayed.v1',
  z.object({
    ...ofAccess,
    reason: openWord(['no_capacity', 'panels_unavailable'], {
      id: 'vpn-provisioner.AccessDelayedReason',
      description: 'Why what is paid cannot be served yet.',
    }),
  }),
  {
    subject: 'accessId',
    summary: 'What is paid could not be served within a minute. It is tried on, and staff are told.',
  },
);

export const TrafficUsed = defineEvent(
  'vpn-provisioner.traffic.used.v1',
  z.object({ ...ofAccess, percent: z.int().min(1).max(100).describe('80 or 100, each said once a period.') }),
  { subject: 'accessId', summary: 'A person has used up most of their traffic, or all.' },
);

export const DeviceRefused = defineEvent(
  'vpn-provisioner.device.refused.v1',
  z.object({ ...ofAccess, devices: z.int(), limit: z.int() }),
  {
    subject: 'accessId',
    summary: 'One device more than a person may have asked for their servers; said once a day at most.',
  },
);

export const UsageAnomalyKind = openWord(['many_networks', 'many_devices', 'sudden_step', 'fair_use'], {
  id: 'vpn-provisioner.UsageAnomalyKind',
  description:
    'What is unusual of an access: asked for from very many networks or by very many devices within a day, suddenly much more traffic than before, or more than is fair.',
});

export const UsageAnomalyDetected = defineEvent(
  'vpn-provisioner.usage-anomaly.detected.v1',
  z.object({
    ...ofAccess,
    anomalyId: z.uuid(),
    kind: UsageAnomalyKind,
    day: z.iso.date(),
    value: z.int().describe('Networks, devices, or bytes.'),
    usual: z.int().describe('What it is compared with.'),
  }),
  {
    subject: 'accessId',
    summary: 'An access is used in a way that staff should look at; said once a day for each kind.',
  },
);

/** `bytes` by which a person counts as active; hourly. */
export const VpnUsageRecorded = defineEvent(
  'vpn-provisioner.usage.recorded.v1',
  z.object({
    userId: z.uuid(),
    botId: BotId,
    accessId: z.uuid(),
    hour: z.iso.datetime(),
    bytes: z.int().nonnegative(),
  }),
  { subject: 'userId', summary: 'How much a person has used within an hour.' },
);

export const ServerDown = defineEvent(
  'vpn-provisioner.server.down.v1',
  z.object({ serverId: ServerId, region: RegionId, serverName: z.string(), people: z.int(), since: z.iso.datetime() }),
  { subject: 'serverId', summary: 'A server has not answered several times in a row; whom it served is moved.' },
);

export const ServerUp = defineEvent(
  'vpn-provisioner.server.up.v1',
  z.object({ serverId: ServerId, region: RegionId, serverName: z.string(), downSeconds: z.int() }),
  { subject: 'serverId', summary: 'A server answers again, and serves nobody twice.' },
);

export const MaintenanceChanged = defineEvent(
  'vpn-provisioner.maintenance.changed.v1',
  z.object({ changeId: z.uuid(), on: z.boolean(), automatic: z.boolean(), since: z.iso.datetime() }),
  {
    subject: 'changeId',
    summary: 'Nothing can be served just now, or it can again: the shop says so and sells on promise.',
  },
);

export const CapacityProposalKind = openWord(['add', 'drop'], {
  id: 'vpn-provisioner.ProposalKind',
  description: 'Whether a server should be added, or can be spared.',
});

export const CapacityProposed = defineEvent(
  'vpn-provisioner.capacity.proposed.v1',
  z.object({
    proposalId: z.uuid(),
    region: RegionId,
    kind: CapacityProposalKind,
    serverId: ServerId.optional().describe('Which one to drop.'),
    expectedPercent: z.int().describe('Of capacity, at the highest within the next seven days.'),
    monthlyCostMinor: z.int().describe('What it costs, or saves.'),
    currency: Currency,
  }),
  { subject: 'proposalId', summary: 'By the forecast a server should be added, or one can be spared.' },
);

export const PanelDrifted = defineEvent(
  'vpn-provisioner.panel.drifted.v1',
  z.object({
    reportId: z.uuid(),
    serverId: ServerId,
    repaired: z.int(),
    orphans: z.int().describe('Users of ours that nobody is owed any more, and that were removed.'),
    held: z.int().describe('Such that are too many at once: nothing happens to them until staff have said so.'),
    strangers: z.int().describe('Users that are not ours: reported, never touched.'),
  }),
  { subject: 'serverId', summary: 'A panel held something else than what is owed.' },
);

export const VpnProvisionerPersonErased = definePersonErased('vpn-provisioner');
