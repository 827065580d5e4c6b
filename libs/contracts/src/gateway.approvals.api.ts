import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { BotId } from './shapes';

// Four eyes: what a route with `approval` is asked for waits until a second member of staff agrees.

const Who = z.object({ id: z.uuid(), name: z.string() });

const State = z.enum(['pending', 'approved', 'rejected', 'withdrawn', 'used', 'expired']);

const Approval = z
  .object({
    id: z.uuid(),
    route: z.string().describe('The id of the route.'),
    summary: z.string().describe('What it does, as its contract says.'),
    method: z.string(),
    path: z.string().describe('With the query, as the service is asked.'),
    botId: BotId.nullable().describe('The bot that it is about, if it is about one.'),
    requestedBy: Who,
    requestedAt: Instant,
    expiresAt: Instant.describe('Until then it is decided and done, or never.'),
    state: State,
    decidedBy: Who.nullable(),
    decidedAt: Instant.nullable(),
    comment: z.string().nullable().describe('Of whoever decided.'),
    usedAt: Instant.nullable(),
    mayDecide: z.boolean().describe('Whether whoever asks can approve and reject it now.'),
  })
  .meta({ id: 'gateway.Approval' });

const ApprovalDetails = Approval.extend({
  body: z.unknown().describe('What exactly is asked for; absent where there is nothing but the address.'),
}).meta({ id: 'gateway.ApprovalDetails' });

export const ListApprovals = defineRoute({
  id: 'gateway.approvals.list',
  method: 'GET',
  path: '/approvals',
  summary: 'What waits for a second member of staff, and what became of it, the latest first.',
  permission: 'approvals:read',
  query: PageQuery.extend({ state: State.optional() }),
  answer: pageOf(Approval),
});

export const ListOwnApprovals = defineRoute({
  id: 'gateway.account.list-approvals',
  method: 'GET',
  path: '/account/approvals',
  summary: 'What one has asked for oneself, the latest first.',
  permission: 'account:read',
  query: PageQuery,
  answer: pageOf(Approval),
});

const ofApproval = { params: z.object({ approvalId: z.uuid() }) } as const;

export const ReadApproval = defineRoute({
  ...ofApproval,
  id: 'gateway.approvals.read',
  method: 'GET',
  path: '/approvals/{approvalId}',
  summary: 'What exactly is asked for.',
  permission: 'approvals:read',
  answer: ApprovalDetails,
  problems: { 'gateway.approval_not_found': 404 },
});

const decision = {
  ...ofApproval,
  method: 'POST',
  permission: 'approvals:write',
  stepUp: true,
  audit: 'with-change',
  answer: ApprovalDetails,
  problems: {
    'gateway.approval_not_found': 404,
    'gateway.approval_of_oneself': 403,
    'gateway.approval_beyond_own': 403,
    'gateway.approval_decided': 409,
  },
} as const;
const Comment = z.string().trim().min(1).max(500);

export const ApproveRequest = defineRoute({
  ...decision,
  id: 'gateway.approvals.approve',
  path: '/approvals/{approvalId}/approve',
  summary: 'Lets it be done, once, by whoever has asked for it. One does not approve what one may not do oneself.',
  body: z.object({ comment: Comment.optional() }),
});

export const RejectRequest = defineRoute({
  ...decision,
  id: 'gateway.approvals.reject',
  path: '/approvals/{approvalId}/reject',
  summary: 'Lets it not be done.',
  body: z.object({ comment: Comment }),
});

export const WithdrawRequest = defineRoute({
  ...ofApproval,
  id: 'gateway.account.withdraw-approval',
  audit: 'with-change',
  method: 'POST',
  path: '/account/approvals/{approvalId}/withdraw',
  summary: 'Takes back what one has asked for oneself and not done yet.',
  permission: 'account:write',
  problems: { 'gateway.approval_not_found': 404, 'gateway.approval_decided': 409 },
});

export const DemandApproval = defineRoute({
  id: 'gateway.approvals.demand',
  method: 'POST',
  path: '/approvals/demands',
  summary: 'For services: may a member of staff do this now? What has to be approved first is recorded.',
  permission: 'approvals:demand',
  callers: ['analytics', 'bot-adapter', 'chat-ai', 'payments', 'pets-game', 'tts-worker', 'vpn-provisioner'],
  body: z.object({
    requester: z.string().max(200).describe('The member of staff.'),
    route: z.object({ id: z.string(), summary: z.string(), permission: z.string() }),
    method: z.string().max(10),
    path: z.string().max(4000),
    body: z.unknown(),
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('Of all that is asked for: what is approved is exactly this.'),
    execution: z
      .string()
      .max(300)
      .describe('By which the route does it once: the same may be sent again when its answer was lost.'),
    botId: BotId.nullable(),
    userId: z.uuid().nullable().describe('The person whom it is about: it is forgotten with them.'),
    approvalId: z.uuid().nullable(),
  }),
  answer: z.object({
    verdict: z
      .enum(['passed', 'required', 'unusable'])
      .describe('required: `approvalId` has to be approved first; unusable: it is not for this'),
    approvalId: z.uuid().optional(),
    expiresAt: Instant.optional(),
    state: z
      .enum([...State.options, 'unknown'])
      .optional()
      .describe('unknown: there is no such approval of this.'),
  }),
});
