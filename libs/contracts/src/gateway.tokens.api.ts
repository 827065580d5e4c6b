import { z } from 'zod';
import { defineRoute } from './define-route';

// Apps and programs of a person, which keep no cookies: an access token for a quarter of an hour, and a refresh token for the next one.

export const AppTokens = z
  .object({
    accessToken: z.string().describe('For `Authorization: Bearer`: a JWT, whose keys are at `/.well-known/jwks.json`.'),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int().describe('Seconds for which the access token is good.'),
    refreshToken: z.string().describe('For the next two tokens. It counts once.'),
  })
  .meta({ id: 'gateway.AppTokens' });

/** How whoever signs in wants to be known afterwards. */
export const sessionWanted = {
  session: z
    .enum(['cookie', 'tokens'])
    .default('cookie')
    .describe('Browsers get a cookie that no script can read. Apps, which have no cookies, get tokens.'),
  device: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .optional()
    .describe('Of an app: by what its owner knows it in the list of sessions.'),
};

const RefreshToken = z.object({ refreshToken: z.string().min(1).max(200) });

export const RefreshTokens = defineRoute({
  id: 'gateway.tokens.refresh',
  method: 'POST',
  path: '/sign-in/tokens/refresh',
  summary:
    'New tokens for a refresh token, which counts once. One that comes a second time ends the session; the same device may ask again within ten seconds, when the answer was lost.',
  permission: 'public',
  // Many apps come from behind one address, four times an hour each, and nobody guesses a token.
  cost: 1,
  body: RefreshToken,
  answer: AppTokens,
  problems: { 'gateway.refresh_refused': 401 },
});

export const RevokeTokens = defineRoute({
  id: 'gateway.tokens.revoke',
  method: 'POST',
  path: '/sign-in/tokens/revoke',
  summary: 'Signs an app out. A token that is none of ours, or has ended already, changes nothing.',
  permission: 'public',
  rate: 'sign-in',
  body: RefreshToken,
});
