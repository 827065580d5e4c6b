/**
 * What features write into the audit log with a change, by the name of each. What the edge writes by itself is named by the route.
 * Whoever reads the log is told in their own language: the names of both are texts of the console.
 */
export const auditActions = [
  'analytics.exports.open',
  'bot-adapter.updates.discarded',
  'chat-ai.knowledge.added',
  'chat-ai.knowledge.changed',
  'chat-ai.knowledge.deleted',
  'chat-ai.knowledge.restored',
  'chat-ai.prompts.published',
  'chat-ai.prompts.rolled-back',
  'chat-ai.prompts.withdrawn',
  'chat-ai.unanswered.resolved',
  'gateway.account.accept-invitation',
  'gateway.account.change-password',
  'gateway.account.renew-recovery-codes',
  'gateway.approvals.approve',
  'gateway.approvals.pass-alone',
  'gateway.approvals.reject',
  'gateway.approvals.request',
  'gateway.approvals.use',
  'gateway.approvals.withdraw',
  'gateway.audit-exports.prove',
  'gateway.audit-exports.read',
  'gateway.bots.archived',
  'gateway.bots.created',
  'gateway.bots.edited',
  'gateway.bots.paused',
  'gateway.bots.restored',
  'gateway.bots.resumed',
  'gateway.bots.rolled-back',
  'gateway.bots.secrets-changed',
  'gateway.bots.taken-over',
  'gateway.keys.create',
  'gateway.keys.report',
  'gateway.keys.revoke',
  'gateway.keys.rotate',
  'gateway.passkeys.add',
  'gateway.passkeys.remove',
  'gateway.passkeys.rename',
  'gateway.passkeys.shut-out',
  'gateway.passkeys.use',
  'gateway.people.reveal',
  'gateway.restrictions.impose',
  'gateway.restrictions.lift',
  'gateway.staff-sessions.begin',
  'gateway.staff.activate',
  'gateway.staff.edit',
  'gateway.staff.grant',
  'gateway.staff.invite',
  'gateway.staff.join',
  'gateway.staff.reinvite',
  'gateway.staff.remove',
  'gateway.staff.resume',
  'gateway.staff.suspend',
  'gateway.tokens.refresh',
  'gateway.webhook-endpoints.change',
  'gateway.webhook-endpoints.disable',
  'gateway.webhook-endpoints.open',
  'gateway.webhook-endpoints.remove',
  'gateway.webhook-endpoints.rotate',
] as const;

export type AuditAction = (typeof auditActions)[number];

/** The part of a name that a feature adds to that of its area: `ActOf<'gateway.keys'>` is `'create' | 'report' | …`. */
export type ActOf<Area extends string> = AuditAction extends infer Action
  ? Action extends `${Area}.${infer Act}`
    ? Act
    : never
  : never;
