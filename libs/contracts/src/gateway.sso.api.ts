import { z } from 'zod';
import { defineRoute, form } from './define-route';
import { ProviderAnswer, ReturnTo } from './gateway.sign-in.api';

// Single sign-on of staff, by the OpenID provider of their company.

const provider = { 'gateway.sso_not_offered': 404, 'gateway.provider_unavailable': 503 } as const;

export const ListStaffSignInMethods = defineRoute({
  id: 'gateway.staff-sign-in.methods',
  method: 'GET',
  path: '/staff-sign-in/methods',
  summary: 'How staff can sign in here.',
  permission: 'public',
  answer: z.object({
    sso: z
      .object({ name: z.string().describe('What people call the provider.') })
      .nullable()
      .describe('Null without a provider.'),
  }),
});

export const BeginSso = defineRoute({
  id: 'gateway.staff-sign-in.begin-sso',
  method: 'POST',
  path: '/staff-sign-in/sso/attempts',
  summary:
    'Begins to sign in with the provider of the company, or to prove there once more who is signed in: what has to be remembered of it is in a cookie for ten minutes.',
  permission: 'public',
  rate: 'sign-in',
  body: z.object({
    returnTo: ReturnTo.default('/console/'),
    proveAgain: z.boolean().default(false).describe('The provider asks for all it has, whoever is signed in there.'),
  }),
  answer: z.object({ url: z.url().describe('Where the browser is to go.') }).meta({ id: 'gateway.SsoBegan' }),
  status: 201,
  problems: { ...provider, 'gateway.sign_in_expired': 401 },
});

export const CompleteSso = defineRoute({
  id: 'gateway.staff-sign-in.complete-sso',
  method: 'POST',
  path: '/staff-sign-in/sso/sessions',
  summary: 'Signs in with what the provider of the company has answered. Each attempt counts once.',
  permission: 'public',
  rate: 'sign-in',
  body: ProviderAnswer,
  answer: z
    .object({ staffId: z.uuid(), returnTo: z.string() })
    .meta({ id: 'gateway.SsoCompleted', description: 'The session is in a cookie.' }),
  status: 201,
  problems: {
    ...provider,
    'gateway.sign_in_expired': 401,
    'gateway.sign_in_declined': 401,
    'gateway.sign_in_refused': 401,
    'gateway.sso_groups_left_out': 403,
    'gateway.sso_no_access': 403,
  },
});

export const EndSsoSessions = defineRoute({
  id: 'gateway.staff-sign-in.end-sso',
  method: 'POST',
  path: '/staff-sign-in/sso/logout',
  summary:
    'The provider says that somebody was signed out there (OpenID Connect Back-Channel Logout 1.0): their sessions end here.',
  permission: 'webhook',
  body: form(z.object({ logout_token: z.string().min(1).max(8000) })),
  answer: z.object({ ended: z.int().describe('How many sessions have ended.') }).meta({ id: 'gateway.SsoEnded' }),
  problems: { ...provider, 'gateway.logout_token_refused': 400 },
});
