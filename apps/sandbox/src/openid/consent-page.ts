import { Router } from 'express';
import { HttpError } from '../kit/http';
import { escapeHtml, languageOf, page } from '../kit/html';
import { choiceOf, endpoints, formOf, personNamed } from '../kit/oauth-endpoints';
import type { ProviderParts } from './openid';

const TEXTS = {
  en: {
    title: (name: string) => `Sandbox: sign in with ${name}`,
    head: (name: string) => `Sign in with your ${name} account`,
    groups: 'In these groups:',
    allow: 'Allow',
    decline: 'Decline',
  },
  ru: {
    title: (name: string) => `Песочница: вход через ${name}`,
    head: (name: string) => `Вход с аккаунтом ${name}`,
    groups: 'В этих группах:',
    allow: 'Разрешить',
    decline: 'Отказаться',
  },
};

/** Where a person chooses an account and allows or declines: the part that looks alike at all of them. */
export function consentPage(parts: ProviderParts, path: string): Router {
  const { name, context, server, calls, address, groups = [] } = parts;
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
      const language = languageOf(req);
      const t = TEXTS[language];
      return res.send(
        page(
          t.title(name),
          `<main>
             <p class="mark">Sandbox</p>
             <h1>${escapeHtml(t.head(name))}</h1>
             <form method="post" action="${address}/consents/${begun.id}">
               ${choiceOf(context.people())}
               ${groups.length > 0 ? `<p>${t.groups}</p>${groups.map(groupBox).join('')}` : ''}
               <div class="row">
                 <button class="main" name="decision" value="allow">${t.allow}</button>
                 <button name="decision" value="decline">${t.decline}</button>
               </div>
             </form>
           </main>`,
          language,
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
    request.extra['groups'] = form.getAll('group').join(' ');
    return res.redirect(303, server.approve(request, person));
  });
  return router;
}

const groupBox = (group: string) =>
  `<label><input type="checkbox" name="group" value="${escapeHtml(group)}"> ${escapeHtml(group)}</label>`;
