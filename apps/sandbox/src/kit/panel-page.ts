import type { Request } from 'express';
import { escapeHtml, languageOf, page, type PageLanguage } from './html';
import type { PanelUserView, Power, SeenPanelServer } from './panel-servers';

const TEXTS = {
  en: {
    servers: 'Servers',
    users: (count: number) => `${count} ${count === 1 ? 'user' : 'users'}`,
    noUsers: 'Nobody yet.',
    user: 'User',
    state: 'State',
    traffic: 'Traffic',
    ends: 'Ends',
    seen: 'Seen',
    never: 'never',
    unlimited: 'no limit',
    endless: 'no end',
    devices: 'devices',
    copy: 'Copy links',
    copied: 'Copied',
    power: { up: 'works', refusing: 'refuses connections', silent: 'never answers' },
    kill: 'Kill this server',
    silence: 'Make it never answer',
    revive: 'Bring it back',
    flow: 'Let traffic flow',
    stop: 'Stop the traffic',
    served: 'served',
    off: 'off',
    over: 'over',
    usedUp: 'used up',
    account: 'Account',
  },
  ru: {
    servers: 'Серверы',
    users: (count: number) => `пользователей: ${count}`,
    noUsers: 'Пока никого.',
    user: 'Пользователь',
    state: 'Состояние',
    traffic: 'Трафик',
    ends: 'До',
    seen: 'Был в сети',
    never: 'никогда',
    unlimited: 'без лимита',
    endless: 'без срока',
    devices: 'устройств',
    copy: 'Скопировать ссылки',
    copied: 'Скопировано',
    power: { up: 'работает', refusing: 'не принимает соединения', silent: 'не отвечает' },
    kill: 'Убить сервер',
    silence: 'Пусть молчит',
    revive: 'Вернуть сервер',
    flow: 'Пустить трафик',
    stop: 'Остановить трафик',
    served: 'работает',
    off: 'отключён',
    over: 'срок вышел',
    usedUp: 'исчерпан',
    account: 'Доступ',
  },
} satisfies Record<PageLanguage, object>;
type Texts = (typeof TEXTS)[PageLanguage];

const STYLE = `<style>
  body { max-width: 72rem; }
  article { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th { text-align: start; font-weight: 600; }
  th, td { padding: 8px 16px 8px 0; border-bottom: 1px solid light-dark(#ececf2, #33333f); white-space: nowrap; }
  tr:last-child td { border: 0; }
  th, small, dt { color: light-dark(#6a6a78, #a0a0b0); }
  td:first-child, dd { font-family: ui-monospace, monospace; font-size: 13px; }
  td:last-child { padding: 0; text-align: end; }
  td button { padding: 4px 12px; }
  button.danger { background: #b3273a; border-color: #b3273a; color: #fff; }
  details { margin-top: 16px; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 12px 0 0; }
  dd { margin: 0; overflow-wrap: anywhere; }
  meter { width: 6rem; vertical-align: middle; }
  a { color: inherit; }
  .dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: #c8384a; margin-inline-end: 6px; }
  .dot.on { background: #23a05f; }
  .server { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; text-decoration: none; }
  @media (max-width: 46rem) {
    thead { display: none; }
    tr { display: block; padding: 8px 0; border-bottom: 1px solid light-dark(#ececf2, #33333f); }
    tr:last-child { border: 0; }
    td, td:last-child { display: block; padding: 2px 0; border: 0; text-align: start; white-space: normal; }
    td[data-head]::before { content: attr(data-head) ': '; color: light-dark(#6a6a78, #a0a0b0); }
  }
</style>`;

/** People who look at it see what happens; not while they select or the page is hidden. */
const RELOAD = `<script>setInterval(() => document.hidden || getSelection()?.toString() || location.reload(), 3000);</script>`;

/** The servers of one kind of panel. */
export function panelListPage(
  req: Request,
  { title, address, servers }: { title: string; address: string; servers: readonly SeenPanelServer[] },
): string {
  const language = languageOf(req);
  const t = TEXTS[language];
  const rows = servers.map(
    ({ name, power, users }) => `<article><a class="server" href="${address}/${name}">
      <strong>${escapeHtml(name)}</strong><span>${t.users(users)}</span><span>${powerOf(power, t)}</span></a></article>`,
  );
  const body = `${STYLE}<p class="mark">Sandbox · ${title}</p><h1>${t.servers}</h1>${rows.join('')}${RELOAD}`;
  return page(`Sandbox: ${title}`, body, language);
}

/** One server: who is on it, and the switches that kill it and bring it back. */
export function panelPage(
  req: Request,
  {
    title,
    address,
    control,
    server,
    users,
  }: {
    title: string;
    address: string;
    /** Of this server, below the sandbox's own address. */
    control: string;
    server: SeenPanelServer;
    users: readonly PanelUserView[];
  },
): string {
  const language = languageOf(req);
  const t = TEXTS[language];
  const put = (path: string, body: object, label: string, kind = '') =>
    `<button class="${kind}" data-path="${path}" data-body="${escapeHtml(JSON.stringify(body))}">${label}</button>`;
  const { power, bytesPerSecond } = server;
  const account = Object.entries(server.account).map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  return page(
    `${server.name}: ${title}`,
    `${STYLE}
    <p class="mark"><a href="${address}">Sandbox · ${title}</a></p>
    <main>
      <h1>${escapeHtml(server.name)}</h1>
      <p>${powerOf(power, t)} · ${t.users(users.length)}</p>
      <div class="row">
        ${
          power === 'up'
            ? put('power', { power: 'refusing' }, t.kill, 'danger') + put('power', { power: 'silent' }, t.silence)
            : put('power', { power: 'up' }, t.revive, 'main')
        }
        ${
          bytesPerSecond === 0
            ? put('pace', { bytesPerSecond: 250_000 }, t.flow)
            : put('pace', { bytesPerSecond: 0 }, t.stop)
        }
      </div>
      <details><summary>${t.account}</summary><dl>${account.join('')}</dl></details>
    </main>
    <article>${users.length === 0 ? `<p>${t.noUsers}</p>` : table(users.slice(0, SHOWN), t, language)}</article>
    <script>
      document.addEventListener('click', async ({ target }) => {
        const { path, body, link } = target.dataset;
        if (link) {
          await navigator.clipboard.writeText(link);
          target.textContent = ${JSON.stringify(t.copied)};
        } else if (path) {
          const headers = { 'content-type': 'application/json' };
          await fetch(${JSON.stringify(control)} + '/' + path, { method: 'PUT', body, headers });
          location.reload();
        }
      });
    </script>${RELOAD}`,
    language,
  );
}

/** A page of thousands helps nobody. */
const SHOWN = 200;

function table(users: readonly PanelUserView[], t: Texts, language: PageLanguage): string {
  const when = (at: number) => new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }).format(at);
  const rows = users.map((user) => {
    const { name, served, expiresAt, limitBytes, usedBytes, devices, onlineAt, links } = user;
    const meter = limitBytes === null ? '' : `<meter min="0" max="${limitBytes}" value="${usedBytes}"></meter> `;
    const limit = limitBytes === null ? t.unlimited : sizeOf(limitBytes, language);
    // All of them: apps take several, one a line.
    const all = escapeHtml(links.join('\n'));
    const button = links.length === 0 ? '' : `<button data-link="${all}">${t.copy}</button>`;
    return `<tr>
      <td>${escapeHtml(name)}</td>
      <td><span class="dot ${served ? 'on' : ''}"></span>${stateOf(user, t)}${devices === null ? '' : ` <small>${t.devices}: ${devices}</small>`}</td>
      <td>${meter}${sizeOf(usedBytes, language)} <small>/ ${limit}</small></td>
      <td data-head="${t.ends}">${expiresAt === null ? t.endless : when(expiresAt)}</td>
      <td data-head="${t.seen}">${onlineAt === null ? t.never : when(onlineAt)}</td>
      <td>${button}</td>
    </tr>`;
  });
  const head = [t.user, t.state, t.traffic, t.ends, t.seen, ''].map((title) => `<th>${title}</th>`);
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

const powerOf = (power: Power, t: Texts) => `<span class="dot ${power === 'up' ? 'on' : ''}"></span>${t.power[power]}`;

function stateOf({ served, enabled, expiresAt }: PanelUserView, t: Texts): string {
  if (served) return t.served;
  if (!enabled) return t.off;
  return expiresAt !== null && expiresAt <= Date.now() ? t.over : t.usedUp;
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

function sizeOf(bytes: number, language: PageLanguage): string {
  const step = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const format = new Intl.NumberFormat(language, { style: 'unit', unit: UNITS[step]!, maximumFractionDigits: 1 });
  return format.format(bytes / 1000 ** step);
}
