import { randomBytes } from 'node:crypto';
import { Router } from 'express';
import type { AuthorizationRequest } from '../kit/authorization-server';
import { OAuthError } from '../kit/authorization-server';
import { answerRefusals, endpoints, formOf, readForms } from '../kit/oauth-endpoints';
import { consentPage } from './consent-page';
import type { ProviderParts } from './openid';

/** Beside the code the browser brings the id of the device, without which the code is worth nothing. */
export function vkAnswers(request: AuthorizationRequest): Record<string, string> {
  request.extra['device_id'] = randomBytes(24).toString('base64url');
  return { device_id: request.extra['device_id'], type: 'code_v2', expires_in: '600' };
}

/**
 * VK ID: OAuth 2.1, PKCE always; the code is exchanged with `device_id` and `state`, and who it is stands in `user_info`.
 * Source: id.vk.ru/about/business/go/docs, "api-description" and "user-info", as of 2026.
 */
export function vkServer(parts: ProviderParts): Router {
  const { context, server, calls } = parts;
  const router = Router();
  const endpoint = endpoints(context, 'openid', calls);
  router.use(readForms);
  router.use(consentPage(parts, '/authorize'));
  router.post(
    '/oauth2/auth',
    endpoint('vk.token', (req, res, fault) => {
      const form = formOf(req);
      const client = server.client(form.get('client_id') ?? '');
      if (!client) throw new OAuthError('invalid_client', 'client_id is incorrect');
      for (const name of ['code', 'code_verifier', 'device_id', 'redirect_uri', 'state'])
        if (!form.get(name)) throw new OAuthError('invalid_request', `${name} is missing or invalid`);
      const service = form.get('service_token');
      if (service !== null && service !== client.secret)
        throw new OAuthError('invalid_client', 'service_token is incorrect');
      // Failures with the status of a success have been seen.
      if (fault?.kind === 'error-200')
        return res.json({ error: 'invalid_grant', error_description: 'code is invalid or expired' });
      const grant = server.redeem(form, client);
      if (grant.request.extra['device_id'] !== form.get('device_id'))
        throw new OAuthError('invalid_request', 'device_id is missing or invalid');
      return res.json({
        access_token: server.accessTokenFor(grant, 'vk2.a.'),
        refresh_token: server.accessTokenFor(grant, 'vk2.a.'),
        id_token: 'not.played.here',
        token_type: 'Bearer',
        expires_in: 3600,
        user_id: vkId(grant.person.id),
        state: fault?.kind === 'wrong-state' ? 'of-somebody-else' : form.get('state'),
        scope: 'vkid.personal_info',
      });
    }),
  );
  router.post(
    '/oauth2/user_info',
    endpoint('vk.user-info', (req, res, fault) => {
      const form = formOf(req);
      const grant = server.grantOf(form.get('access_token') ?? '');
      if (!grant || grant.request.client !== form.get('client_id'))
        throw new OAuthError('invalid_token', 'access_token is missing or invalid', 401);
      const { id, firstName, lastName } = grant.person;
      res.json({
        user: {
          // A text here, and a number in the answer to the code.
          user_id: String(vkId(id) + (fault?.kind === 'wrong-person' ? 1 : 0)),
          first_name: firstName,
          last_name: lastName ?? '',
          avatar: '',
          sex: 0,
          verified: false,
          birthday: '',
        },
      });
    }),
  );
  router.use(answerRefusals);
  return router;
}

const vkId = (person: number) => 100_000_000 + (person % 100_000_000);
