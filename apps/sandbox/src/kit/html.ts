import type { Request } from 'express';

export type PageLanguage = 'en' | 'ru';

/** Of those that pages have words in, the one that the browser asks for first. */
export const languageOf = (req: Request): PageLanguage => (req.acceptsLanguages('en', 'ru') === 'ru' ? 'ru' : 'en');

/** A page of a third party, in one file: it looks like none of theirs, so that nobody takes it for the real one. */
export const page = (title: string, body: string, language: PageLanguage = 'en'): string => `<!doctype html>
<html lang="${language}">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <style>
    :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
    body { margin: 0 auto; padding: 24px 16px; max-width: 34rem; background: light-dark(#f5f5f8, #16161b); }
    main, article { background: light-dark(#fff, #22222a); border: 1px solid light-dark(#dcdce4, #383844); border-radius: 12px; padding: 20px; }
    article { margin-top: 12px; }
    h1 { font-size: 20px; margin: 0 0 8px; }
    p { margin: 8px 0; }
    .mark { color: light-dark(#6a6a78, #a0a0b0); font-size: 13px; }
    .emoji { font-size: 44px; line-height: 1.2; }
    label { display: flex; gap: 10px; align-items: center; padding: 8px; border-radius: 8px; cursor: pointer; }
    label:hover { background: light-dark(#f1f0fa, #2c2c38); }
    button { font: inherit; padding: 8px 16px; border-radius: 8px; border: 1px solid light-dark(#c4c4d0, #4a4a58); background: none; color: inherit; cursor: pointer; }
    button.main { background: #5b4fd6; border-color: #5b4fd6; color: #fff; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
    .row { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; align-items: center; }
  </style>
  ${body}
</html>
`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
