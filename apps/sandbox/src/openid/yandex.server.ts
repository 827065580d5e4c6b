import { randomBytes } from 'node:crypto';
import { Router } from 'express';
import { answerRefusals, endpoints, formOf, nameOf, readForms } from '../kit/oauth-endpoints';
import { consentPage } from './consent-page';
import type { ProviderParts } from './openid';

/** Sixteen characters. */
export const yandexCode = () => randomBytes(8).toString('hex');

/**
 * Yandex ID: OAuth 2.0 without OpenID. `/authorize` and `/token` stand for oauth.yandex.ru, `/info` for login.yandex.ru.
 * Source: yandex.ru/dev/id/doc, "codes/code-url" and "user-information", as of 2026.
 */
export function yandexServer(parts: ProviderParts): Router {
  const { context, server, calls } = parts;
  const router = Router();
  const endpoint = endpoints(context, 'openid', calls);
  router.use(readForms);
  router.use(consentPage(parts, '/authorize'));
  router.post(
    '/token',
    endpoint('yandex.token', (req, res) => {
      const form = formOf(req);
      const client = server.authenticate(form, req.headers.authorization);
      if (!/^[a-z0-9]{16}$/.test(form.get('code') ?? '')) {
        // Told apart from a code that is over.
        return res.status(400).json({ error: 'bad_verification_code', error_description: 'Invalid code' });
      }
      const grant = server.redeem(form, client);
      return res.json({
        token_type: 'bearer',
        access_token: server.accessTokenFor(grant, 'y0_'),
        expires_in: 31_536_000,
        refresh_token: server.accessTokenFor(grant, '1:'),
        scope: 'login:info',
      });
    }),
  );
  router.get(
    '/info',
    endpoint('yandex.info', (req, res, fault) => {
      const [, token = ''] = /^(?:OAuth|Bearer) (.+)$/i.exec(req.headers.authorization ?? '') ?? [];
      const grant = server.grantOf(token);
      // Plain text, as the real one answers.
      if (!grant) return res.status(401).type('text').send('expired_token');
      const { person, request } = grant;
      const { id, firstName, lastName, username } = person;
      return res.json({
        id: String(1_000_000_000 + (id % 1_000_000_000)),
        login: username ?? `yandex-${id}`,
        client_id: fault?.kind === 'wrong-client' ? 'an-app-of-somebody-else' : request.client,
        display_name: username ?? firstName,
        real_name: nameOf(person),
        first_name: firstName,
        last_name: lastName ?? '',
        sex: null,
        psuid: `1.AA.${id}`,
        default_avatar_id: '0/0-0',
        is_avatar_empty: true,
      });
    }),
  );
  router.use(answerRefusals);
  return router;
}
