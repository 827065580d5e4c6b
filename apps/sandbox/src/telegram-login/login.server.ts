import { randomInt } from 'node:crypto';
import { Router } from 'express';
import type { AuthorizationRequest, Grant } from '../kit/authorization-server';
import { HttpError } from '../kit/http';
import { escapeHtml, languageOf, page, type PageLanguage } from '../kit/html';
import { answerRefusals, baseOf, choiceOf, endpoints, formOf, personNamed, readForms } from '../kit/oauth-endpoints';
import { idToken, telegramClaims } from './id-token';
import type { LoginParty } from './telegram-login';

const EMOJIS = ['🐳', '🍋', '🚲', '🎈', '🌵', '🦊', '🍉', '⛵', '🎷', '🪁'];
const SHOWN = 4;

/** The one that the browser shows, and those among which the phone asks for it. */
export function emojis(): { emoji: string; emojis: string } {
  const shown = new Set<string>();
  while (shown.size < SHOWN) shown.add(EMOJIS[randomInt(EMOJIS.length)]!);
  const choice = [...shown];
  return { emoji: choice[randomInt(SHOWN)]!, emojis: choice.join(' ') };
}

/** Everything below the issuer. */
export function loginServer({ context, server, keys, calls, address, publicUrl }: LoginParty): Router {
  const router = Router();
  const endpoint = endpoints(context, 'telegram-login', calls);
  router.use(readForms);

  router.get(
    '/.well-known/openid-configuration',
    endpoint('discovery', (req, res) => {
      const issuer = baseOf(req, address);
      res.json({
        issuer,
        authorization_endpoint: `${publicUrl ? publicUrl + address : issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        scopes_supported: ['openid', 'profile', 'phone', 'telegram:bot_access'],
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: ['authorization_code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA', 'ES256K'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
        code_challenge_methods_supported: ['S256'],
      });
    }),
  );
  router.get(
    '/.well-known/jwks.json',
    endpoint('jwks', async (_req, res) => res.json(await keys.publicKeys())),
  );
  router.get(
    '/auth',
    endpoint('auth', (req, res) => {
      const begun = server.begin(req.query, { responseTypes: ['code', 'post_message'], extra: emojis() });
      if (typeof begun === 'string') res.redirect(begun);
      else res.send(approvalPage(begun, choiceOf(context.people()), languageOf(req)));
    }),
  );
  // The browser waits for what is decided on the phone.
  router.get('/auth/:id', (req, res) => void res.json({ location: requestNamed(req.params.id).location ?? null }));
  router.post('/auth/:id', async (req, res) => {
    const request = requestNamed(req.params.id);
    const form = formOf(req);
    if (form.get('decision') === 'decline') return void res.redirect(303, server.decline(request));
    if (form.get('emoji') !== request.extra['emoji']) {
      const again = approvalPage(request, choiceOf(context.people()), languageOf(req), { otherEmoji: true });
      return void res.status(400).send(again);
    }
    if (request.scope.includes('phone') && form.get('phone') !== 'on') request.extra['phone'] = 'declined';
    const person = personNamed(context.people(), Number(form.get('person')));
    if (request.responseType === 'post_message') {
      const claims = telegramClaims(person, request);
      const token = await idToken({ keys, issuer: baseOf(req, address), fault: undefined }, { request }, claims);
      return void res.send(popupPage(request, { id_token: token, user: claims }, languageOf(req)));
    }
    res.redirect(303, server.approve(request, person));
  });
  router.post(
    '/token',
    endpoint('token', async (req, res, fault) => {
      const form = formOf(req);
      const client = server.authenticate(form, req.headers.authorization);
      const grant: Grant = server.redeem(form, client);
      const claims = telegramClaims(grant.person, grant.request);
      const token = await idToken({ keys, issuer: baseOf(req, address), fault }, grant, claims);
      res.json({
        access_token: server.accessTokenFor(grant),
        token_type: 'Bearer',
        expires_in: 3600,
        ...(token !== undefined && { id_token: token }),
      });
    }),
  );
  router.get(
    '/js/telegram-login.js',
    endpoint('script', (req, res) => {
      res.type('text/javascript; charset=utf-8').send(script(baseOf(req, address)));
    }),
  );
  router.use(answerRefusals);

  function requestNamed(id: string | string[] | undefined): AuthorizationRequest {
    const request = server.request(String(id));
    if (!request) throw new HttpError(404, 'there is no such request to sign in');
    return request;
  }
  return router;
}

const TEXTS = {
  en: {
    title: 'Sandbox: sign in with Telegram',
    inBrowser: 'Sandbox, in the browser',
    head: 'Sign in with Telegram',
    approveThere: 'Approve it on the phone, with this emoji:',
    otherEmoji: 'That is not the emoji that the browser shows. Nothing was approved.',
    onPhone: 'Sandbox, on the phone',
    asks: (client: string) => `Somebody wants to sign in to the site of bot ${client} as:`,
    sharePhone: 'Share my phone number',
    whichEmoji: 'Which emoji does the browser show?',
    approve: 'Approve',
    decline: 'Decline',
    signedIn: 'Sandbox: signed in',
    closeIt: 'You can close this window.',
  },
  ru: {
    title: 'Песочница: вход через Telegram',
    inBrowser: 'Песочница, в браузере',
    head: 'Вход через Telegram',
    approveThere: 'Разрешите вход на телефоне, с этим эмодзи:',
    otherEmoji: 'Браузер показывает другой эмодзи. Вход не разрешён.',
    onPhone: 'Песочница, на телефоне',
    asks: (client: string) => `Кто-то хочет войти на сайт бота ${client} как:`,
    sharePhone: 'Поделиться номером телефона',
    whichEmoji: 'Какой эмодзи показывает браузер?',
    approve: 'Разрешить',
    decline: 'Отказаться',
    signedIn: 'Песочница: вход выполнен',
    closeIt: 'Это окно можно закрыть.',
  },
};

/** Browser and phone beside each other: what the one shows the other asks for. */
function approvalPage(
  { id, client, scope, extra }: AuthorizationRequest,
  people: string,
  language: PageLanguage,
  { otherEmoji = false } = {},
): string {
  const t = TEXTS[language];
  const choice = (extra['emojis'] ?? '')
    .split(' ')
    .map(
      (emoji) =>
        `<label><input type="radio" name="emoji" value="${emoji}" required> <span class="emoji">${emoji}</span></label>`,
    )
    .join('');
  const phone = scope.includes('phone')
    ? `<label><input type="checkbox" name="phone" checked> ${t.sharePhone}</label>`
    : '';
  return page(
    t.title,
    `<main>
       <p class="mark">${t.inBrowser}</p>
       <h1>${t.head}</h1>
       <p>${t.approveThere}</p>
       <p class="emoji" id="emoji">${extra['emoji']}</p>
       ${otherEmoji ? `<p role="alert">${t.otherEmoji}</p>` : ''}
     </main>
     <article>
       <p class="mark">${t.onPhone}</p>
       <form method="post" action="/telegram-login/auth/${id}">
         <p>${t.asks(escapeHtml(client))}</p>
         ${people}
         ${phone}
         <p>${t.whichEmoji}</p>
         <div class="row">${choice}</div>
         <div class="row">
           <button class="main" name="decision" value="approve">${t.approve}</button>
           <button name="decision" value="decline" formnovalidate>${t.decline}</button>
         </div>
       </form>
     </article>
     <script>
       // Approved elsewhere, as on a real phone.
       setInterval(async () => {
         const { location: next } = await (await fetch('/telegram-login/auth/${id}')).json();
         if (next) location.replace(next);
       }, 1000);
     </script>`,
    language,
  );
}

/** As JSON in a script: a `<` would let a name end it. */
const inScript = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');

function popupPage({ redirectUri }: AuthorizationRequest, result: object, language: PageLanguage): string {
  const t = TEXTS[language];
  const origin = new URL(redirectUri).origin;
  return page(
    t.signedIn,
    `<main><p>${t.closeIt}</p></main>
     <script>
       opener?.postMessage(${inScript({ event: 'auth_result', result })}, ${inScript(origin)});
       close();
     </script>`,
    language,
  );
}

/** The button's script: a popup, whose answer is handed to a callback. */
const script = (issuer: string) => `(() => {
  const issuer = ${inScript(issuer)};
  const me = document.currentScript;
  let settings = { client_id: me?.dataset.clientId, request_access: me?.dataset.requestAccess };
  let callback = (data) => me?.dataset.onauth && new Function('data', 'return ' + me.dataset.onauth)(data);
  const open = () => {
    const query = new URLSearchParams({
      client_id: settings.client_id,
      redirect_uri: location.href.split(/[?#]/)[0],
      response_type: 'post_message',
      scope: ['openid', 'profile', ...(settings.request_access ?? '').split(' ').filter(Boolean)]
        .map((word) => (word === 'write' ? 'telegram:bot_access' : word)).join(' '),
      ...(settings.nonce && { nonce: settings.nonce }),
    });
    const popup = window.open(issuer + '/auth?' + query, 'telegram-login', 'width=550,height=650');
    if (!popup) return callback({ error: 'popup_blocked' });
    let done = false;
    const watch = setInterval(() => {
      if (!popup.closed) return;
      clearInterval(watch);
      if (!done) callback({ error: 'popup_closed' });
    }, 300);
    addEventListener('message', function hear({ origin, source, data }) {
      if (origin !== new URL(issuer).origin || source !== popup || data?.event !== 'auth_result') return;
      removeEventListener('message', hear);
      done = true;
      callback(data.result);
    });
  };
  window.Telegram = { ...window.Telegram, Login: {
    init(options, whenDone) { settings = { ...settings, ...options }; if (whenDone) callback = whenDone; },
    open,
    auth(options, whenDone) { this.init(options, whenDone); open(); },
  } };
  addEventListener('click', ({ target }) => target.closest?.('.tg-auth-button') && open());
})();
`;
