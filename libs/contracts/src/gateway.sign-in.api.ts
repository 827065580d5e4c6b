import { z } from 'zod';
import { Instant } from './api.shapes';
import { BotId } from './shapes';
import { defineRoute } from './define-route';
import { IdentityChannel } from './gateway.events';
import { Identity } from './gateway.me.api';
import { proofOfWorkHeaders, proofOfWorkProblems } from './gateway.proof-of-work.api';
import { AppTokens, sessionWanted } from './gateway.tokens.api';
import { Locale } from './locale';

/**
 * Where a page goes on after signing in: an address of this site, never of another one. Browsers take `/\evil.example` and
 * `//evil.example` for other hosts, and drop tabs and line ends.
 */
export const ReturnTo = z
  .string()
  .max(500)
  .regex(/^\/(?![/\\])[^\\\s\x00-\x1f]*$/, 'is no path of this site')
  .default('/me');

/** What an account elsewhere has put into the address of the page to which it sent the browser back. */
export const ProviderAnswer = z
  .object({
    state: z.string().min(1).max(500),
    code: z.string().min(1).max(4000).optional(),
    deviceId: z.string().max(500).optional().describe('`device_id`, of VK.'),
    issuer: z.string().max(500).optional().describe('`iss`, RFC 9207.'),
    error: z.string().max(200).optional(),
  })
  .meta({ id: 'gateway.ProviderAnswer' });

const Link = z.object({ link: z.string().min(1).max(200).describe('What stands behind the # of the link.') });

const SignedIn = z
  .object({
    userId: z.uuid(),
    isNew: z.boolean(),
    returnTo: z.string(),
    tokens: AppTokens.optional().describe('For an app; without them the session is in a cookie.'),
  })
  .meta({ id: 'gateway.SignInCompleted' });

const Began = z.object({ url: z.url().describe('Where the browser is to go.') }).meta({ id: 'gateway.SignInBegan' });

const unknownProvider = { 'gateway.provider_unknown': 404, 'gateway.provider_unavailable': 503 } as const;
const refused = {
  'gateway.sign_in_expired': 401,
  'gateway.sign_in_declined': 401,
  'gateway.sign_in_refused': 401,
  'gateway.provider_unavailable': 503,
} as const;
const refusedLink = { 'gateway.sign_in_link_refused': 401 } as const;
const belongsToAnother = { 'gateway.identity_of_another_person': 409, 'gateway.channel_already_linked': 409 } as const;
const personsOnly = { 'gateway.persons_only': 403 } as const;
const noEmail = { 'gateway.email_not_offered': 404 } as const;

export const ListSignInMethods = defineRoute({
  id: 'gateway.sign-in-methods.list',
  method: 'GET',
  path: '/sign-in/methods',
  summary: 'How people can sign in here.',
  permission: 'public',
  answer: z.object({ providers: z.array(IdentityChannel), email: z.boolean() }),
});

export const BeginSignIn = defineRoute({
  id: 'gateway.sign-in-attempts.begin',
  method: 'POST',
  path: '/sign-in/attempts',
  summary:
    'Begins to sign in with an account elsewhere: what has to be remembered of it is in a cookie for ten minutes.',
  permission: 'public',
  body: z.object({ provider: IdentityChannel, returnTo: ReturnTo }),
  answer: Began,
  status: 201,
  problems: unknownProvider,
});

export const CompleteSignIn = defineRoute({
  id: 'gateway.sign-in-attempts.complete',
  method: 'POST',
  path: '/sign-in/sessions',
  summary: 'Signs in with what an account elsewhere has answered. Each attempt counts once.',
  permission: 'public',
  rate: 'sign-in',
  body: ProviderAnswer.extend(sessionWanted).meta({ id: 'gateway.SignInAnswer' }),
  answer: SignedIn,
  status: 201,
  problems: refused,
});

const EmailRequest = z.object({ email: z.email().max(320), locale: Locale.default('en'), returnTo: ReturnTo });

export const SendSignInEmail = defineRoute({
  id: 'gateway.sign-in-emails.send',
  method: 'POST',
  path: '/sign-in/emails',
  summary: 'Sends a link by e-mail that signs in once, within a quarter of an hour, in the browser that asked for it.',
  permission: 'public',
  rate: 'sign-in',
  headers: proofOfWorkHeaders,
  body: EmailRequest,
  status: 202,
  problems: { ...noEmail, ...proofOfWorkProblems },
});

export const RedeemSignInLink = defineRoute({
  id: 'gateway.sign-in-links.redeem',
  method: 'POST',
  path: '/sign-in/links/redeem',
  summary: 'Signs in with a link that came by e-mail or from a bot. Each counts once.',
  permission: 'public',
  rate: 'sign-in',
  body: Link.extend(sessionWanted),
  answer: SignedIn,
  status: 201,
  problems: refusedLink,
});

export const CreateSignInLink = defineRoute({
  id: 'gateway.sign-in-links.create',
  method: 'POST',
  path: '/sign-in/links',
  summary: 'A link that signs a person in once, for a bot to show to them alone.',
  permission: 'sign-in-links:write',
  callers: ['bot-adapter'],
  body: z.object({ userId: z.uuid(), returnTo: ReturnTo }),
  answer: z.object({ url: z.url(), expiresAt: Instant }).meta({ id: 'gateway.SignInLink' }),
  status: 201,
  problems: { 'gateway.user_not_found': 404, 'gateway.services_only': 403 },
});

const SignedInByProof = SignedIn.omit({ returnTo: true }).meta({ id: 'gateway.SignedInByProof' });
const refusedProof = { 'gateway.sign_in_refused': 401 } as const;

export const SignInFromWebApp = defineRoute({
  id: 'gateway.sign-in-web-apps.begin',
  method: 'POST',
  path: '/sign-in/web-apps',
  summary:
    'Signs in with what Telegram gave a Web App of a bot: within an hour, and each counts once. A frame of another site has no cookies, so there are tokens.',
  permission: 'public',
  // A mobile network has one address for thousands of people, and nobody guesses a signature.
  cost: 1,
  body: z.object({
    botId: BotId.describe('The bot whose Web App it is.'),
    initData: z.string().min(1).max(8000).describe('`Telegram.WebApp.initData`, as it is.'),
    session: sessionWanted.session.default('tokens'),
    device: sessionWanted.device,
  }),
  answer: SignedInByProof,
  status: 201,
  problems: refusedProof,
});

const SupabaseToken = z.object({
  accessToken: z.string().min(1).max(8000).describe('Of Supabase Auth, as `session.access_token` has it.'),
});
const noSupabase = { 'gateway.provider_unknown': 404, 'gateway.provider_unavailable': 503 } as const;

export const SignInFromSupabase = defineRoute({
  id: 'gateway.sign-in-supabase.begin',
  method: 'POST',
  path: '/sign-in/supabase',
  summary: 'Signs in with an access token of the Supabase project that this installation trusts.',
  permission: 'public',
  cost: 1,
  body: SupabaseToken.extend({ session: sessionWanted.session.default('tokens'), device: sessionWanted.device }),
  answer: SignedInByProof,
  status: 201,
  problems: { ...refusedProof, ...noSupabase },
});

export const LinkSupabase = defineRoute({
  id: 'gateway.identities.link-supabase',
  method: 'POST',
  path: '/me/identities/supabase',
  summary: 'Adds the account of Supabase whose access token you have to yours: it leads to the same person then.',
  permission: 'me:write',
  body: SupabaseToken,
  answer: Identity,
  status: 201,
  problems: { ...refusedProof, ...noSupabase, ...belongsToAnother, ...personsOnly },
});

export const BeginLinking = defineRoute({
  id: 'gateway.identity-attempts.begin',
  method: 'POST',
  path: '/me/identities/attempts',
  summary: 'Begins to add an account elsewhere to yours.',
  permission: 'me:write',
  body: z.object({ provider: IdentityChannel, returnTo: ReturnTo }),
  answer: Began,
  status: 201,
  problems: { ...unknownProvider, ...personsOnly },
});

export const LinkIdentity = defineRoute({
  id: 'gateway.identities.link',
  method: 'POST',
  path: '/me/identities',
  summary: 'Adds the account elsewhere that has answered to yours.',
  permission: 'me:write',
  body: ProviderAnswer,
  answer: Identity,
  status: 201,
  problems: { ...refused, ...belongsToAnother, ...personsOnly },
});

export const SendLinkingEmail = defineRoute({
  id: 'gateway.identity-emails.send',
  method: 'POST',
  path: '/me/identities/emails',
  summary: 'Sends a link to an e-mail address that adds it to your account.',
  permission: 'me:write',
  rate: 'sign-in',
  body: EmailRequest,
  status: 202,
  problems: { ...noEmail, ...personsOnly },
});

export const LinkEmail = defineRoute({
  id: 'gateway.identities.link-email',
  method: 'POST',
  path: '/me/identities/email',
  summary: 'Adds the e-mail address whose link you have followed to your account.',
  permission: 'me:write',
  body: Link,
  answer: Identity,
  status: 201,
  problems: { ...refusedLink, ...belongsToAnother, ...personsOnly },
});
