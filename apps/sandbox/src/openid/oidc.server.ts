import { Router } from 'express';
import type { SandboxPerson } from '../kit/third-party';
import { type AuthorizationRequest, OAuthError, withQuery } from '../kit/authorization-server';
import { answerRefusals, baseOf, endpoints, formOf, nameOf, readForms } from '../kit/oauth-endpoints';
import { idToken } from '../telegram-login/id-token';
import { consentPage } from './consent-page';
import type { ProviderParts } from './openid';

/** OpenID Connect, as Google and most companies speak it. Source: OpenID Connect Core 1.0, RFC 9207. */
export function oidcServer(parts: ProviderParts): Router {
  const { name, context, server, keys, calls, address, publicUrl } = parts;
  const router = Router();
  const endpoint = endpoints(context, 'openid', calls);
  // Google says who answers, tells no language, and when it was only where that was asked for.
  const isGoogle = name === 'google';
  router.use(readForms);
  router.get(
    '/.well-known/openid-configuration',
    endpoint(`${name}.discovery`, (req, res) => {
      const issuer = baseOf(req, address);
      const authorize = `${publicUrl ? publicUrl + address : issuer}/authorize`;
      res.json({
        issuer,
        authorization_endpoint: isGoogle ? withQuery(authorize, { issuer }) : authorize,
        ...(isGoogle && { authorization_response_iss_parameter_supported: true }),
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        jwks_uri: `${issuer}/jwks`,
        scopes_supported: ['openid', 'profile', 'email', ...(parts.groups ? ['groups'] : [])],
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: ['authorization_code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        code_challenge_methods_supported: ['S256'],
      });
    }),
  );
  router.get(
    '/jwks',
    endpoint(`${name}.jwks`, async (_req, res) => res.json(await keys.publicKeys())),
  );
  router.use(consentPage(parts, '/authorize'));
  router.post(
    '/token',
    endpoint(`${name}.token`, async (req, res, fault) => {
      const form = formOf(req);
      const grant = server.redeem(form, server.authenticate(form, req.headers.authorization));
      const { person, request } = grant;
      const token = await idToken({ keys, issuer: baseOf(req, address), fault }, grant, {
        ...((!isGoogle || request.maxAge !== undefined) && { auth_time: Math.floor(Date.now() / 1000) }),
        ...claimsOf(name, person, request),
      });
      res.json({
        access_token: server.accessTokenFor(grant),
        token_type: 'Bearer',
        expires_in: 3600,
        scope: request.scope.join(' '),
        ...(token !== undefined && { id_token: token }),
      });
    }),
  );
  router.get(
    '/userinfo',
    endpoint(`${name}.userinfo`, (req, res) => {
      const [, token = ''] = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '') ?? [];
      const grant = server.grantOf(token);
      if (!grant) throw new OAuthError('invalid_token', 'The access token is invalid.', 401);
      res.json(claimsOf(name, grant.person, grant.request));
    }),
  );
  router.use(answerRefusals);
  return router;
}

/** Subjects are opaque and of one provider: nobody may find a person of one at another by them. */
function claimsOf(provider: string, person: SandboxPerson, { scope, extra }: AuthorizationRequest) {
  const { id, firstName, lastName, username, languageCode } = person;
  const email = `${username ?? id}@${provider}.example`;
  return {
    sub: `${provider}-${id}`,
    ...(scope.includes('profile') && {
      name: nameOf(person),
      given_name: firstName,
      ...(lastName && { family_name: lastName }),
      ...(provider !== 'google' && { locale: languageCode }),
    }),
    ...(scope.includes('email') && { email, email_verified: true }),
    ...(scope.includes('groups') && { groups: extra['groups']?.split(' ').filter(Boolean) ?? [] }),
  };
}
