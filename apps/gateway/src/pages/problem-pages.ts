import { type KnownProblem, problems, publicPathOf } from '@switchboard/contracts';
import type { Language } from '@switchboard/service-kit';
import { aNonce, contentPolicy, type Page } from './send-page';

const TEXTS = {
  en: {
    ...{ all: 'All problems', api: 'All routes', other: 'По-русски', means: 'What it means', todo: 'What to do' },
    ...{ status: 'Status', from: 'Answered by', any: 'any route', code: 'Code' },
    lead: 'What an answer with `application/problem+json` may say. `code` stays as it is; texts may change.',
    unknown: 'No route answers with a problem of this code. It may be of another version.',
    nothing: 'There is no such problem',
  },
  ru: {
    ...{ all: 'Все проблемы', api: 'Все маршруты', other: 'In English', means: 'Что это значит', todo: 'Что делать' },
    ...{ status: 'Статус', from: 'Так отвечает', any: 'любой маршрут', code: 'Код' },
    lead: 'Что может сообщить ответ `application/problem+json`. `code` не меняется, тексты могут меняться.',
    unknown: 'Ни один маршрут не отвечает проблемой с таким кодом. Возможно, она из другой версии.',
    nothing: 'Такой проблемы нет',
  },
} as const;

/** Where the `type` of every problem leads: what the code means and what to do about it. */
export function problemPage(code: string, language: Language): Page {
  const texts = TEXTS[language];
  const known = problems.get(code);
  const body = known
    ? `<h1><code>${escape(code)}</code></h1>
<dl>
<dt>${texts.status}</dt><dd>${known.status}</dd>
<dt>${texts.means}</dt><dd>${marked(known.means[language])}</dd>
<dt>${texts.todo}</dt><dd>${marked(known.todo[language])}</dd>
<dt>${texts.from}</dt><dd>${routesOf(known, language)}</dd>
</dl>`
    : `<h1>${texts.nothing}</h1><p>${texts.unknown}</p>`;
  const page = layout(language, known ? code : texts.nothing, body);
  return known ? page : { ...page, status: 404 };
}

export function problemList(language: Language): Page {
  const texts = TEXTS[language];
  const rows = [...problems.values()].map(
    ({ code, status, means }) =>
      `<tr><td><a href="/problems/${code}?lang=${language}"><code>${code}</code></a></td><td>${status}</td><td>${marked(means[language])}</td></tr>`,
  );
  const body = `<h1>${texts.all}</h1><p>${marked(texts.lead)}</p>
<table><thead><tr><th>${texts.code}</th><th>${texts.status}</th><th>${texts.means}</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>`;
  return layout(language, texts.all, body);
}

function routesOf({ routes }: KnownProblem, language: Language): string {
  if (routes.length === 0) return TEXTS[language].any;
  const items = routes.map(
    // Their summaries are in English only.
    (route) =>
      `<li><code>${route.method} ${publicPathOf(route)}</code>${language === 'en' ? ` ${marked(route.summary)}` : ''}</li>`,
  );
  return `<ul>${items.join('')}</ul>`;
}

function layout(language: Language, title: string, body: string): Page {
  const texts = TEXTS[language];
  const nonce = aNonce();
  const html = `<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escape(title)} · Switchboard</title>
    <link rel="icon" href="data:," />
    <style nonce="${nonce}">${STYLE}</style>
  </head>
  <body>
    <nav>
      <a href="/problems?lang=${language}">${texts.all}</a>
      <a href="/docs">${texts.api}</a>
      <a href="?lang=${language === 'en' ? 'ru' : 'en'}" lang="${language === 'en' ? 'ru' : 'en'}">${texts.other}</a>
    </nav>
    <main>${body}</main>
  </body>
</html>
`;
  const policy = contentPolicy({ 'default-src': "'none'", 'style-src': `'nonce-${nonce}'`, 'img-src': 'data:' });
  return { html, policy, language };
}

const STYLE = `
:root { font: 16px/1.5 system-ui, sans-serif; color: light-dark(#23222b, #f1f0f5); background: light-dark(#fff, #121117); }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
nav { display: flex; flex-wrap: wrap; gap: 1rem; }
a { color: light-dark(#4a3fb5, #b5adff); }
h1 { overflow-wrap: anywhere; font-size: 1.5rem; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
dt { margin-top: 1rem; font-weight: 600; }
dd { margin: 0; }
ul { margin: 0; padding-left: 1.2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.4rem 0.6rem 0.4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid light-dark(#dddbe4, #34323e); }
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]!);

/** Texts of ours name things in backticks. */
const marked = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
