import { aNonce, contentPolicy, type Page } from './send-page';

/**
 * Scalar's API reference: one file, which lies packed among the files of the console. As a package it would bring 240 others for what
 * is that one file.
 */
export const API_REFERENCE = 'scalar-api-reference-1.72.1.js';

/** Without all of this it asks hosts of its makers, for fonts, for statistics and for help. */
const CONFIGURATION = {
  url: '/openapi.json',
  ...{ withDefaultFonts: false, telemetry: false, agent: { disabled: true }, mcp: { disabled: true } },
  ...{ hideClientButton: true, showDeveloperTools: 'never', proxyUrl: '' },
  ...{ operationTitleSource: 'summary', defaultOpenAllTags: false, persistAuth: false },
  authentication: { preferredSecurityScheme: 'key' },
};

/** All routes, to read and to try: as whoever is signed in in this browser, or with a key. */
export function apiPage(): Page {
  const nonce = aNonce();
  const policy = contentPolicy({
    'script-src': `'self' 'nonce-${nonce}'`,
    // It writes styles as it goes, at elements as well.
    'style-src': "'self' 'unsafe-inline'",
    'font-src': "'self' data:",
    'worker-src': "'self' blob:",
  });
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Switchboard API</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <main id="api"></main>
    <script src="/console/assets/${API_REFERENCE}"></script>
    <script nonce="${nonce}">
      Scalar.createApiReference('#api', ${JSON.stringify(CONFIGURATION)});
    </script>
  </body>
</html>
`;
  return { html, policy };
}
