import { flag, secret } from '@switchboard/service-kit';
import { z } from 'zod';

/** `developer` for all bots, `support@lumen` for one. */
const ROLE = /^([a-z][a-z0-9-]{0,62})(?:@([a-z0-9][a-z0-9-]*))?$/;

const Mapping = z.record(z.string().min(1), z.array(z.string()));

/** JSON: what the provider says → roles here. */
const roleMapping = () =>
  z
    .string()
    .transform((text, ctx) => {
      const problem = (message: string) => {
        ctx.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      let mapping: z.output<typeof Mapping>;
      try {
        mapping = Mapping.parse(JSON.parse(text));
      } catch {
        return problem('is not JSON such as {"engineers":["developer"],"help-desk":["support@lumen"]}');
      }
      const roles = Object.values(mapping).flat();
      const malformed = roles.find((role) => !ROLE.test(role));
      if (malformed !== undefined) return problem(`"${malformed}" is no role: say <role> or <role>@<bot>`);
      // Whoever runs the provider would own the installation, and nobody could lock them out.
      if (roles.some((role) => ROLE.exec(role)![1] === 'owner')) return problem('makes owners, whom only owners make');
      return new Map(
        Object.entries(mapping).map(([value, given]) => [
          value,
          given.map((each) => ({ role: ROLE.exec(each)![1]!, botId: ROLE.exec(each)![2] ?? null })),
        ]),
      );
    })
    .optional();

const domains = () =>
  z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((domain) => domain.trim().toLowerCase().replace(/^@/, '') || []));

/** Single sign-on of staff, by the OpenID provider of their company. Without an issuer there is none. */
export const ssoVariables = {
  GATEWAY_STAFF_SSO_ISSUER: z
    .url({ protocol: /^https?$/ })
    .refine((url) => {
      const { protocol, hostname } = new URL(url);
      return protocol === 'https:' || !hostname.includes('.') || hostname === '127.0.0.1';
    }, 'must be https')
    .transform((url) => url.replace(/\/$/, ''))
    .optional()
    .describe('The OpenID provider with which staff sign in: https://login.example.com. Without it there is none.'),
  GATEWAY_STAFF_SSO_NAME: z.string().min(1).max(60).default('SSO').describe('What people call it, for the button.'),
  GATEWAY_STAFF_SSO_CLIENT_ID: z.string().min(1).optional().describe('By which it knows this site.'),
  GATEWAY_STAFF_SSO_CLIENT_SECRET: secret().optional(),
  GATEWAY_STAFF_SSO_SCOPE: z
    .string()
    .refine(
      (scope) => scope.split(' ').includes('openid'),
      'must contain "openid": without it nobody is told who it is',
    )
    .default('openid profile email')
    .describe('What it is asked for.'),
  GATEWAY_STAFF_SSO_DOMAINS: domains().describe(
    'Of whose e-mail addresses it is believed: example.com, separated by commas. Of all others nothing is.',
  ),
  GATEWAY_STAFF_SSO_UNVERIFIED_EMAIL: flag()
    .default(false)
    .describe('Whether an address counts of which it does not say that it is verified: some never do.'),
  GATEWAY_STAFF_SSO_ROLES_CLAIM: z.string().default('groups').describe('The claim by which roles are given.'),
  GATEWAY_STAFF_SSO_ROLES: roleMapping().describe(
    'Who has which roles by that claim, as JSON: {"engineers":["developer"]}. Who is in none has no access by it.',
  ),
  GATEWAY_STAFF_SSO_JOIN: z
    .enum(['invited', 'anybody'])
    .default('invited')
    .describe('Who comes in: those who were invited, or anybody to whom the claim gives a role.'),
  GATEWAY_STAFF_SSO_PASSWORDS: flag()
    .default(true)
    .describe('Whether those of its domains sign in with a password or a passkey of here as well; owners always do.'),
  GATEWAY_STAFF_SSO_MAX_AGE: z.coerce
    .number()
    .int()
    .min(60)
    .optional()
    .describe(
      'Seconds since somebody has signed in there, at most. Not every provider tells; whoever does not is refused then.',
    ),
};

const config = z.object(ssoVariables);
export type SsoConfig = z.output<typeof config> & { readonly GATEWAY_PUBLIC_URL: string };

/** `Anna@Example.com` → `example.com` */
export const domainOf = (email: string): string =>
  email
    .slice(email.lastIndexOf('@') + 1)
    .trim()
    .toLowerCase();

/** Whether a member of staff with this address has to come in by the provider. */
export const isSsoRequired = (settings: SsoConfig, email: string): boolean =>
  settings.GATEWAY_STAFF_SSO_ISSUER !== undefined &&
  !settings.GATEWAY_STAFF_SSO_PASSWORDS &&
  settings.GATEWAY_STAFF_SSO_DOMAINS.includes(domainOf(email));
