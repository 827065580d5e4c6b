import { GIGABYTE, type KnownLocale } from '@switchboard/contracts';
import { createHash } from 'node:crypto';
import { renderSVG } from 'uqr';
import { type App, APPS, type Platform, PLATFORMS } from './apps';
import { PAGE_TEXTS, PLATFORM_NAMES } from './page-texts';

/** What a person sees who opens their address in a browser. */
export interface PageView {
  readonly title: string;
  readonly address: string;
  /** Why there are no servers. */
  readonly notice: string | undefined;
  readonly servedUntil: Date;
  readonly usedBytes: number;
  readonly limitBytes: number | null;
  readonly resetsAt: Date | null;
  readonly devices: readonly { readonly name: string; readonly seenAt: Date }[];
  readonly deviceLimit: number | null;
  readonly servers: readonly string[];
  readonly hasShadowsocks: boolean;
  readonly timeZone: string;
}

export interface PageOptions {
  readonly locale: KnownLocale;
  readonly platform: Platform;
  readonly now: Date;
  /** The app that is opened at once: for buttons of messengers, which take no other links than those of the web. */
  readonly open?: App | undefined;
}

/** What all parts of a page are written with. */
interface Writing extends PageOptions {
  readonly view: PageView;
  readonly texts: (typeof PAGE_TEXTS)[KnownLocale];
  time(moment: Date): string;
}

const DAY_MS = 24 * 60 * 60_000;

/** A page that needs nothing from anywhere else. */
export function page(view: PageView, options: PageOptions): string {
  const { locale, open } = options;
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: view.timeZone });
  const writing: Writing = {
    ...options,
    view,
    texts: PAGE_TEXTS[locale],
    time: (moment) => `<time datetime="${moment.toISOString()}">${day.format(moment)}</time>`,
  };
  const other = locale === 'en' ? 'ru' : 'en';
  const refresh = open && `<meta http-equiv="refresh" content="0;url=${escape(open.link(view.address, view.title))}">`;
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${refresh ?? ''}
<title>${escape(view.title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(view.title)}</h1>
<a href="?lang=${other}" lang="${other}" hreflang="${other}">${writing.texts.other}</a>
</header>
<main>
${[state, connect, address, otherSystems, devices, servers].map((part) => part(writing)).join('\n')}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function state({ view, texts, locale, now, time }: Writing): string {
  const leftMs = view.servedUntil.getTime() - now.getTime();
  const days = Math.max(0, Math.ceil(leftMs / DAY_MS));
  const { usedBytes, limitBytes, resetsAt } = view;
  const size = (bytes: number) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: 'gigabyte', maximumFractionDigits: 1 }).format(
      bytes / GIGABYTE,
    );
  const used =
    limitBytes === null
      ? `<strong>${size(usedBytes)}</strong> <span>${texts.unlimited}</span>`
      : `<strong>${size(usedBytes)}</strong> <span>${texts.of} ${size(limitBytes)}</span>
<meter min="0" max="${limitBytes}" high="${Math.round(limitBytes * 0.8)}" optimum="0" value="${usedBytes}" aria-label="${texts.traffic}"></meter>`;
  return `<p class="state${view.notice === undefined ? '' : ' bad'}" role="status">${escape(view.notice ?? `✓ ${texts.ready}`)}</p>
<dl class="facts">
<div><dt>${texts.daysLeft}</dt><dd><strong>${days}</strong> <span>${leftMs > 0 ? `${texts.until} ${time(view.servedUntil)}` : texts.over}</span></dd></div>
<div><dt>${texts.traffic}</dt><dd>${used}${resetsAt && leftMs > 0 ? `<span>${texts.resets} ${time(resetsAt)}</span>` : ''}</dd></div>
</dl>`;
}

function connect(writing: Writing): string {
  const { view, texts, platform, open } = writing;
  const apps = appsFor(view, platform);
  const first = open ?? apps[0]!;
  const others = apps.filter((app) => app !== first);
  return `<section aria-labelledby="connect">
<h2 id="connect">${texts.connect}</h2>
<ol>
<li>${shopLinks(writing, first, platform, texts.install(first.name))}</li>
<li>${texts.add(first.name)}</li>
<li>${texts.turnOn}</li>
</ol>
${addButton(writing, first)}
<p class="hint">${texts.nothingOpens}</p>
<details><summary>${texts.apps}</summary>${others.map((app) => appLinks(writing, app, platform)).join('')}</details>
</section>`;
}

function address({ view, texts }: Writing): string {
  const forOutline = APPS.find(({ shadowsocksOnly }) => shadowsocksOnly)!.link(view.address, view.title);
  return `<section aria-labelledby="address">
<h2 id="address">${texts.address}</h2>
<p><code id="link">${escape(view.address)}</code></p>
<p><button type="button" id="copy" data-done="${texts.copied}" hidden>${texts.copy}</button></p>
<p class="hint">${texts.secret}</p>
<details><summary>${texts.qr}</summary>
<p class="hint">${texts.qrHint}</p>
${qrCode(view.address, texts.qr)}
${view.hasShadowsocks ? `<h3>${texts.qrOutline}</h3>${qrCode(forOutline, texts.qrOutline)}` : ''}
</details>
</section>`;
}

function otherSystems(writing: Writing): string {
  const { view, texts, platform } = writing;
  const parts = PLATFORMS.filter((one) => one !== platform).map(
    (one) => `<details name="platform"><summary>${PLATFORM_NAMES[one]}</summary>
${appsFor(view, one)
  .map((app) => appLinks(writing, app, one))
  .join('')}</details>`,
  );
  return `<section aria-labelledby="others">
<h2 id="others">${texts.otherSystems}</h2>
${parts.join('\n')}
</section>`;
}

function devices({ view, texts, time }: Writing): string {
  const items = view.devices.map(
    ({ name, seenAt }) => `<li>${escape(name)} <span>${texts.seen} ${time(seenAt)}</span></li>`,
  );
  return `<section aria-labelledby="devices">
<h2 id="devices">${texts.devices}: ${texts.devicesOf(items.length, view.deviceLimit)}</h2>
${items.length > 0 ? `<ul>${items.join('')}</ul><p class="hint">${texts.manage}</p>` : `<p>${texts.noDevices}</p>`}
</section>`;
}

function servers({ view, texts }: Writing): string {
  if (view.servers.length === 0) return '';
  return `<section aria-labelledby="servers">
<h2 id="servers">${texts.servers}</h2>
<ul>${view.servers.map((name) => `<li>${escape(name)}</li>`).join('')}</ul>
</section>`;
}

const appsFor = ({ hasShadowsocks }: PageView, platform: Platform): App[] =>
  APPS.filter(({ shop, shadowsocksOnly }) => shop[platform] !== undefined && (hasShadowsocks || !shadowsocksOnly));

const appLinks = (writing: Writing, app: App, platform: Platform): string =>
  `<h3>${app.name}</h3><p>${shopLinks(writing, app, platform, writing.texts.fromShop(app.name))}</p>${addButton(writing, app)}`;

const addButton = ({ view, texts }: Writing, app: App): string =>
  `<p><a class="button" href="${escape(app.link(view.address, view.title))}">${texts.openApp(app.name)}</a></p>`;

function shopLinks({ texts }: Writing, { shop, shopInRussia }: App, platform: Platform, text: string): string {
  const link = (url: string, label: string) => `<a href="${escape(url)}" rel="noreferrer">${label}</a>`;
  const url = shop[platform] ?? Object.values(shop)[0]!;
  const inRussia = platform === 'ios' && shopInRussia ? ` (${link(shopInRussia, texts.inRussia)})` : '';
  return link(url, text) + inRussia;
}

/** Black on white, whatever the page's colours are: many readers know no other. */
const qrCode = (text: string, label: string): string =>
  renderSVG(text, { ecc: 'M', border: 4, pixelSize: 1 }).replace(
    '<svg ',
    `<svg role="img" aria-label="${label}" shape-rendering="crispEdges" `,
  );

const STYLE = `
:root { font: 17px/1.5 system-ui, sans-serif; color: light-dark(#1f1e26, #f1f0f5); background: light-dark(#fff, #121117); }
body { margin: 0 auto; max-width: 36rem; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: baseline; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
section { margin-top: 1.5rem; border-top: 1px solid light-dark(#dddbe4, #34323e); padding-top: 1rem; }
a { color: light-dark(#3d32a8, #b5adff); }
p { margin: .5rem 0; }
.state { border-radius: .75rem; padding: .75rem 1rem; font-weight: 600; background: light-dark(#e3f4e6, #17361d); }
.state.bad { background: light-dark(#fdeeda, #402c0c); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .75rem; margin: 0; }
.facts div { border: 1px solid light-dark(#dddbe4, #34323e); border-radius: .75rem; padding: .75rem 1rem; }
.facts dd { margin: 0; display: flex; flex-wrap: wrap; gap: 0 .4rem; align-items: baseline; }
.facts strong { font-size: 1.5rem; }
meter { width: 100%; height: .75rem; }
.button, button { display: block; box-sizing: border-box; width: 100%; min-height: 3rem; padding: .75rem 1rem; border: 0; border-radius: .75rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; color: #fff; background: #4a3fb5; }
[hidden] { display: none; }
:focus-visible { outline: 3px solid light-dark(#4a3fb5, #b5adff); outline-offset: 2px; }
summary { min-height: 2.75rem; display: flex; align-items: center; cursor: pointer; }
summary::before { content: '▸'; margin-right: .5rem; }
details[open] > summary::before { content: '▾'; }
code { display: block; overflow-wrap: anywhere; user-select: all; font: .9rem ui-monospace, monospace; }
.hint, span { color: light-dark(#5b5966, #b3b0bf); }
.hint { font-size: .9rem; }
svg { display: block; width: 100%; max-width: 18rem; height: auto; border-radius: .5rem; }
ol, ul { padding-left: 1.25rem; margin: .5rem 0; }
`;

/** Without it the address is copied by hand: one touch selects all of it. */
const SCRIPT = `
const button = document.getElementById('copy');
if (navigator.clipboard) {
  button.hidden = false;
  button.onclick = () => navigator.clipboard.writeText(document.getElementById('link').textContent).then(() => { button.textContent = button.dataset.done; });
}
`;

const sourceOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing is loaded, and nothing is run but what is written here. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${sourceOf(STYLE)}`,
  `script-src ${sourceOf(SCRIPT)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]!);
