import { Router } from 'express';
import { HttpError } from '../kit/http';
import { escapeHtml, page } from '../kit/html';
import { choiceOf, endpoints, formOf, personNamed } from '../kit/oauth-endpoints';
import type { ProviderParts } from './openid';

/** Where a person chooses an account and allows or declines: the part that looks alike at all of them. */
export function consentPage({ name, context, server, calls, address }: ProviderParts, path: string): Router {
  const router = Router();
  router.get(
    path,
    endpoints(
      context,
      'openid',
      calls,
    )(`${name}.auth`, (req, res) => {
      const begun = server.begin(req.query);
      if (typeof begun === 'string') return res.redirect(begun);
      return res.send(
        page(
          `Sandbox: sign in with ${name}`,
          `<main>
             <p class="mark">Sandbox</p>
             <h1>Sign in with your ${escapeHtml(name)} account</h1>
             <form method="post" action="${address}/consents/${begun.id}">
               ${choiceOf(context.people())}
               <div class="row">
                 <button class="main" name="decision" value="allow">Allow</button>
                 <button name="decision" value="decline">Decline</button>
               </div>
             </form>
           </main>`,
        ),
      );
    }),
  );
  router.post('/consents/:id', (req, res) => {
    const request = server.request(req.params.id);
    if (!request) throw new HttpError(404, 'there is no such request to sign in');
    const form = formOf(req);
    if (form.get('decision') !== 'allow') return res.redirect(303, server.decline(request));
    const person = personNamed(context.people(), Number(form.get('person')));
    return res.redirect(303, server.approve(request, person));
  });
  return router;
}
