import { z } from 'zod';
import { Instant, PageQuery, pageOf, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { proofOfWorkHeaders, proofOfWorkProblems } from './gateway.proof-of-work.api';
import { ownMessage } from './own-message';
import { BotId } from './shapes';

const RoleName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);

const Grant = z
  .object({
    role: RoleName,
    botId: BotId.nullable().describe('For this bot alone; for everything when null.'),
    until: Instant.nullable().describe('Null: until it is taken away.'),
  })
  .meta({ id: 'gateway.Grant' });

const StaffMember = z
  .object({
    id: z.uuid(),
    email: z.email().nullable().describe('Null for the first owner, until they have come in.'),
    name: z.string(),
    state: z.enum(['invited', 'active', 'suspended']),
    grants: z.array(Grant),
    factors: z.array(z.enum(['password', 'totp', 'passkey', 'sso'])).describe('How they can prove who they are.'),
    signedInAt: Instant.nullable(),
    createdAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'gateway.StaffMember' });

export const ListStaff = defineRoute({
  id: 'gateway.staff.list',
  method: 'GET',
  path: '/staff',
  summary: 'Who works here, the newest first.',
  permission: 'staff:read',
  query: PageQuery,
  answer: pageOf(StaffMember),
});

const ofStaff = { params: z.object({ staffId: z.uuid() }), answer: StaffMember, etag: 'revision' } as const;

export const ReadStaff = defineRoute({
  ...ofStaff,
  id: 'gateway.staff.read',
  method: 'GET',
  path: '/staff/{staffId}',
  summary: 'A member of staff.',
  permission: 'staff:read',
  problems: { 'gateway.staff_not_found': 404 },
});

const Invitation = z
  .object({
    staffId: z.uuid(),
    link: z.url().describe('Shown this once: good for three days, until whoever opens it has a password and an app.'),
    expiresAt: Instant,
  })
  .meta({ id: 'gateway.Invitation' });

/** Whoever has one of these can do nearly everything, so they are given by two. */
const MIGHTY = ['owner', 'admin'];
const givesMuch = ({ body }: { body: { grants: readonly { role: string }[] } }) =>
  body.grants.some(({ role }) => MIGHTY.includes(role));

export const InviteStaff = defineRoute({
  id: 'gateway.staff.invite',
  audit: 'with-change',
  method: 'POST',
  path: '/staff',
  summary: 'Invites somebody to work here.',
  permission: 'staff:write',
  stepUp: true,
  approval: givesMuch,
  idempotent: true,
  status: 201,
  body: z.object({
    email: z.email().max(254),
    name: z.string().trim().min(1).max(120),
    grants: z
      .array(Grant.extend({ until: Instant.nullable().default(null), botId: BotId.nullable().default(null) }))
      .max(100),
  }),
  answer: Invitation,
  problems: { 'gateway.staff_exists': 409, 'gateway.unknown_role': 422, 'gateway.role_beyond_own': 403 },
});

export const ReinviteStaff = defineRoute({
  id: 'gateway.staff.reinvite',
  audit: 'with-change',
  method: 'POST',
  path: '/staff/{staffId}/invitation',
  summary:
    'A new link for somebody who has lost theirs, or all ways of proving who they are; what they had counts no longer.',
  permission: 'staff:write',
  stepUp: true,
  approval: true,
  idempotent: true,
  params: ofStaff.params,
  answer: Invitation,
  problems: { 'gateway.staff_not_found': 404, 'gateway.not_for_oneself': 403, 'gateway.role_beyond_own': 403 },
});

export const GrantRoles = defineRoute({
  ...ofStaff,
  id: 'gateway.staff.grant',
  audit: 'with-change',
  method: 'PUT',
  path: '/staff/{staffId}/grants',
  summary:
    'What somebody may do from now on, in every browser in which they are signed in, and so do the API keys that they have made.',
  permission: 'staff:write',
  stepUp: true,
  approval: givesMuch,
  ifMatch: true,
  body: InviteStaff.body.pick({ grants: true }),
  problems: {
    'gateway.staff_not_found': 404,
    'gateway.unknown_role': 422,
    'gateway.role_beyond_own': 403,
    'gateway.last_owner': 409,
    'gateway.not_for_oneself': 403,
  },
});

const change = {
  ...ofStaff,
  method: 'POST',
  permission: 'staff:write',
  stepUp: true,
  audit: 'with-change',
  problems: {
    'gateway.staff_not_found': 404,
    'gateway.role_beyond_own': 403,
    'gateway.last_owner': 409,
    'gateway.not_for_oneself': 403,
  },
} as const;

export const SuspendStaff = defineRoute({
  ...change,
  id: 'gateway.staff.suspend',
  path: '/staff/{staffId}/suspend',
  summary:
    'Signs somebody out everywhere and lets them in no more. The API keys that they have made end: rotate before what is to go on.',
});

export const ResumeStaff = defineRoute({
  ...change,
  id: 'gateway.staff.resume',
  path: '/staff/{staffId}/resume',
  summary: 'Lets somebody in again who was suspended.',
});

export const EditStaff = defineRoute({
  ...change,
  id: 'gateway.staff.edit',
  method: 'PUT',
  path: '/staff/{staffId}',
  summary: 'What somebody is called, and the address with which they sign in.',
  ifMatch: true,
  body: InviteStaff.body.pick({ email: true, name: true }),
  problems: { ...change.problems, 'gateway.staff_exists': 409 },
});

export const RemoveStaff = defineRoute({
  params: ofStaff.params,
  permission: 'staff:write',
  stepUp: true,
  problems: change.problems,
  id: 'gateway.staff.remove',
  audit: 'with-change',
  method: 'DELETE',
  path: '/staff/{staffId}',
  summary:
    'Somebody works here no longer: their account goes, and the API keys that they have made end. The audit log keeps what they did, by their id.',
  ifMatch: true,
});

const ofStaffSessions = { params: ofStaff.params, problems: { 'gateway.staff_not_found': 404 } } as const;

export const ListStaffSessions = defineRoute({
  ...ofStaffSessions,
  id: 'gateway.staff-sessions.list',
  method: 'GET',
  path: '/staff/{staffId}/sessions',
  summary: 'In which browsers a member of staff is signed in, the one that was used last first.',
  permission: 'staff:read',
  answer: z.object({
    data: z.array(z.object({ id: z.uuid(), device: z.string(), createdAt: Instant, seenAt: Instant })),
  }),
});

export const EndSessionsOfStaff = defineRoute({
  ...ofStaffSessions,
  id: 'gateway.staff-sessions.end-all',
  method: 'DELETE',
  path: '/staff/{staffId}/sessions',
  summary: 'Signs a member of staff out everywhere; they may come in again.',
  permission: 'staff:write',
});

export const EndSessionOfStaff = defineRoute({
  ...ofStaffSessions,
  id: 'gateway.staff-sessions.end',
  method: 'DELETE',
  path: '/staff/{staffId}/sessions/{sessionId}',
  summary: 'Signs a member of staff out in one browser. One that has ended already stays so.',
  permission: 'staff:write',
  params: ofStaff.params.extend({ sessionId: z.uuid() }),
});

const RoleFor = z.string().regex(/^([a-z][a-z0-9-]{0,62}(@[\w-]+)?)?$/, 'is a role, or role@bot');

const StaffKey = z
  .object({
    id: z.string().describe('The part of the key by which it is known in logs.'),
    name: z.string(),
    team: z.string(),
    scopes: z.array(z.string()),
    bots: z.array(BotId).nullable().describe('Of these bots alone; null: of all.'),
    lost: z
      .array(z.string())
      .describe('Those of its scopes that it has not, because whoever has made it may not do that.'),
    usedAt: Instant.nullable(),
    expiresAt: Instant,
  })
  .meta({ id: 'gateway.StaffKey' });

export const ListKeysOfStaff = defineRoute({
  id: 'gateway.staff-keys.list',
  method: 'GET',
  path: '/staff/{staffId}/keys',
  summary:
    'API keys that a member of staff has made and that count, the newest first. They may do no more than their maker: what becomes of them is seen here before roles are changed.',
  permission: 'staff:read',
  params: ofStaff.params,
  query: z.object({
    roles: queryList(RoleFor)
      .optional()
      .describe(
        'With these roles in place of those they have: `developer`, for one bot `developer@lumen`; empty for none.',
      ),
  }),
  answer: z.object({ data: z.array(StaffKey) }),
  problems: { 'gateway.staff_not_found': 404 },
});

const Role = z
  .object({ name: RoleName, scopes: z.array(z.string()), isBuiltIn: z.boolean() })
  .meta({ id: 'gateway.Role' });

export const ListRoles = defineRoute({
  id: 'gateway.roles.list',
  method: 'GET',
  path: '/roles',
  summary: 'The roles there are, and what each may do.',
  permission: 'staff:read',
  answer: z.object({ roles: z.array(Role) }),
});

// ---- How staff prove who they are -------------------------------------------------------------------------------------------------

const Password = z.string().min(12).max(200);
const Code = z
  .string()
  .trim()
  .regex(/^\d{6}$/, ownMessage('A code is six digits.', 'Код — шесть цифр.'));
/** What the steps of a sign-in hand on: that the steps before were passed. */
const Ticket = z.string().max(2000);

const NextStep = z
  .object({
    ticket: Ticket.describe('For the next step: a code within five minutes, an app within thirty.'),
    next: z
      .enum(['code', 'enrol'])
      .describe('code: of the app they have, or a recovery code. enrol: they have none yet.'),
    hasPasskey: z.boolean(),
  })
  .meta({ id: 'gateway.SignInStep' });

const signIn = { method: 'POST', permission: 'public', rate: 'sign-in' } as const;

export const SignInWithPassword = defineRoute({
  ...signIn,
  id: 'gateway.staff-sign-in.password',
  path: '/staff-sign-in/password',
  summary:
    'The first step of staff: whatever is wrong, the answer and its time are the same. The third try wants a proof of work.',
  headers: proofOfWorkHeaders,
  body: z.object({ email: z.string().max(254), password: z.string().max(200) }),
  answer: NextStep,
  problems: {
    'gateway.wrong_credentials': 401,
    'gateway.too_many_attempts': 429,
    'gateway.sso_required': 403,
    ...proofOfWorkProblems,
  },
});

export const AcceptInvitation = defineRoute({
  ...signIn,
  id: 'gateway.staff-sign-in.accept-invitation',
  path: '/staff-sign-in/invitation',
  summary:
    'The first step of an invitation: a password. The link is good until the app is confirmed, and may be opened again.',
  body: z.object({
    token: z.string().max(200),
    password: Password,
    name: z.string().trim().min(1).max(120).optional(),
    email: z.email().max(254).optional().describe('Needed of the first owner, whom nobody has invited.'),
  }),
  answer: NextStep,
  problems: {
    'gateway.invitation_expired': 410,
    'gateway.weak_password': 422,
    'gateway.email_needed': 422,
    'gateway.staff_exists': 409,
    'gateway.sso_required': 403,
  },
});

export const ReadInvitation = defineRoute({
  ...signIn,
  id: 'gateway.staff-sign-in.read-invitation',
  path: '/staff-sign-in/invitation/read',
  summary: 'Whom an invitation is for.',
  body: z.object({ token: z.string().max(200) }),
  answer: z.object({ email: z.email().nullable().describe('Null for the first owner.'), name: z.string().nullable() }),
  problems: { 'gateway.invitation_expired': 410 },
});

export const BeginTotp = defineRoute({
  ...signIn,
  id: 'gateway.staff-sign-in.begin-totp',
  path: '/staff-sign-in/totp',
  summary: 'A secret for an authenticator app, for those who have none yet.',
  body: z.object({ ticket: Ticket }),
  answer: z.object({ ticket: Ticket, secret: z.string(), uri: z.string() }),
  problems: { 'gateway.sign_in_expired': 401 },
});

export const ConfirmTotp = defineRoute({
  ...signIn,
  id: 'gateway.staff-sign-in.confirm-totp',
  path: '/staff-sign-in/totp/confirm',
  summary: 'Two codes of the app, one after the other; the recovery codes are shown this once. Signs in.',
  body: z.object({ ticket: Ticket, first: Code, second: Code }),
  answer: z.object({ recoveryCodes: z.array(z.string()) }),
  problems: {
    'gateway.sign_in_expired': 401,
    'gateway.wrong_code': 401,
    'gateway.too_many_attempts': 429,
    'gateway.staff_exists': 409,
  },
});

export const SignInWithCode = defineRoute({
  ...signIn,
  id: 'gateway.staff-sign-in.code',
  path: '/staff-sign-in/code',
  summary: 'The second step: a code of the app, which counts once, or one of the recovery codes. Signs in.',
  body: z.object({ ticket: Ticket, code: z.string().trim().max(20) }),
  answer: z.object({ recoveryCodesLeft: z.int() }),
  problems: { 'gateway.sign_in_expired': 401, 'gateway.wrong_code': 401, 'gateway.too_many_attempts': 429 },
});

export const ProveAgain = defineRoute({
  id: 'gateway.staff-sign-in.prove-again',
  method: 'POST',
  path: '/account/prove',
  summary: 'Proves once more who is signed in, before something dangerous.',
  permission: 'account:write',
  rate: 'sign-in',
  body: z.object({ password: z.string().max(200).optional(), code: z.string().trim().max(20) }),
  problems: { 'gateway.wrong_credentials': 401, 'gateway.too_many_attempts': 429 },
});

export const ReadAccount = defineRoute({
  id: 'gateway.account.read',
  method: 'GET',
  path: '/account',
  summary: 'The account of whoever is signed in as staff, with the browsers in which they are.',
  permission: 'account:read',
  answer: z.object({
    member: StaffMember,
    recoveryCodesLeft: z.int(),
    sessions: z.array(
      z.object({ id: z.uuid(), device: z.string(), createdAt: Instant, seenAt: Instant, isThis: z.boolean() }),
    ),
  }),
});

export const EndStaffSession = defineRoute({
  id: 'gateway.account.end-session',
  method: 'DELETE',
  path: '/account/sessions/{sessionId}',
  summary: 'Signs another browser of one’s own out.',
  permission: 'account:write',
  params: z.object({ sessionId: z.uuid() }),
  problems: { 'gateway.session_not_found': 404 },
});

export const ChangePassword = defineRoute({
  id: 'gateway.account.change-password',
  audit: 'with-change',
  method: 'PUT',
  path: '/account/password',
  summary: 'A new password; all other browsers are signed out.',
  permission: 'account:write',
  stepUp: true,
  body: z.object({ password: Password }),
  problems: { 'gateway.weak_password': 422 },
});

export const RenewRecoveryCodes = defineRoute({
  id: 'gateway.account.renew-recovery-codes',
  audit: 'with-change',
  method: 'POST',
  path: '/account/recovery-codes',
  summary: 'New recovery codes, shown this once; the old ones count no longer.',
  permission: 'account:write',
  stepUp: true,
  answer: z.object({ recoveryCodes: z.array(z.string()) }),
});
