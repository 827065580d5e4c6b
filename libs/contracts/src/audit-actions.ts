import { type RouteDefinition, serviceOf } from './define-route';

/**
 * What the audit log tells of that no route asks for by this name. What a route asks for has the id of the route as its name, whether
 * it was done, refused or failed. Whoever reads the log is told in their own language: the names of both are texts of the console.
 */
export const auditActions = [
  'chat-ai.desk.read',
  'gateway.account.accept-invitation',
  'gateway.approvals.pass-alone',
  'gateway.approvals.request',
  'gateway.approvals.use',
  'gateway.passkeys.shut-out',
  'gateway.passkeys.use',
  'gateway.staff-sessions.begin',
  'gateway.staff.activate',
  'gateway.staff.join',
  'gateway.tokens.refresh',
  'gateway.webhook-endpoints.disable',
] as const;

export type AuditAction = (typeof auditActions)[number];

/** What kind of thing the log says that a route is about: `chat-ai.prompt-drafts.change` → `prompt-draft` */
export const resourceTypeOf = (route: RouteDefinition): string =>
  route.id
    .slice(serviceOf(route).length + 1)
    .replace(/\..*$/, '')
    .replace(/ies$/, 'y')
    .replace(/s$/, '');
