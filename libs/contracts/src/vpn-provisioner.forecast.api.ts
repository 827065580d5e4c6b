import { z } from 'zod';
import { Instant, pageOf, PageQuery } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';
import { CapacityProposalKind, RegionId } from './vpn-provisioner.events';

export const ProposalState = openWord(['open', 'accepted', 'dismissed', 'outdated'], {
  id: 'vpn-provisioner.ProposalState',
  description: 'What became of a proposal; "outdated": by a later forecast it holds no more.',
});

export const ServerOrderState = openWord(['asked', 'making', 'starting', 'added', 'failed', 'removed'], {
  id: 'vpn-provisioner.ServerOrderState',
  description:
    'How far a server is that a cloud makes: "starting" until its panel answers; "removed" once it was retired.',
});

const CapacityProposal = z
  .object({
    id: z.uuid(),
    region: RegionId,
    kind: CapacityProposalKind,
    serverId: z.uuid().nullable().describe('Which one to drop.'),
    expectedPercent: z.int().describe('Of capacity, at the highest within the next seven days.'),
    monthlyCostMinor: z.int().describe('What it costs, or saves.'),
    currency: z.string().length(3),
    state: ProposalState,
    madeAt: Instant,
    decidedAt: Instant.nullable(),
    decidedBy: z.string().nullable(),
    order: z
      .object({ state: ServerOrderState, failure: z.string().nullable(), serverId: z.uuid().nullable() })
      .nullable()
      .describe('Of the server that a cloud makes for it; null: somebody has to add one.'),
  })
  .meta({ id: 'vpn-provisioner.CapacityProposal' });

export const ReadLoadForecast = defineRoute({
  id: 'vpn-provisioner.load-forecasts.read',
  method: 'GET',
  path: '/vpn/regions/{region}/forecast',
  summary: 'How busy a region was in the last weeks, hour by hour, and how busy it is going to be in the next.',
  permission: 'servers:read',
  params: z.object({ region: RegionId }),
  answer: z.object({
    capacity: z.int().describe('People that its servers may serve.'),
    hours: z.array(z.object({ at: Instant, load: z.int() })),
    expected: z.array(z.object({ at: Instant, load: z.int() })).describe('Empty while too little is known.'),
  }),
});

export const ListCapacityProposals = defineRoute({
  id: 'vpn-provisioner.capacity-proposals.list',
  method: 'GET',
  path: '/vpn/capacity-proposals',
  summary: 'Servers that should be added or can be spared, the latest first.',
  permission: 'servers:read',
  query: PageQuery.extend({ state: ProposalState.optional(), region: RegionId.optional() }),
  answer: pageOf(CapacityProposal),
});

export const DecideCapacityProposal = defineRoute({
  id: 'vpn-provisioner.capacity-proposals.decide',
  method: 'POST',
  path: '/vpn/capacity-proposals/{proposalId}/decide',
  summary:
    'Accepts or dismisses a proposal. A server that is to be dropped takes nobody new from then on; one to add is made, where the region has a template for it.',
  permission: 'servers:write',
  params: z.object({ proposalId: z.uuid() }),
  idempotent: true,
  body: z.object({ accept: z.boolean() }),
  answer: CapacityProposal,
  problems: { 'vpn-provisioner.proposal_not_found': 404, 'vpn-provisioner.proposal_is_decided': 409 },
});
