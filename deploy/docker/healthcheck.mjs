// The image's HEALTHCHECK: healthy when everything that runs in it is ready.

import { readFileSync } from 'node:fs';

const services = JSON.parse(readFileSync(new URL('services.json', import.meta.url), 'utf8'));

const port = (name, usual) => process.env[`${name.toUpperCase().replaceAll('-', '_')}_PORT`] || usual;
const ready = (name) => `http://127.0.0.1:${port(name, services[name])}/health/ready`;

const { APP = '' } = process.env;
const others = {
  'all-in-one': () => Object.keys(services).map(ready),
  // It has no checks of its own; a phone that lists its people works.
  sandbox: () => [`http://127.0.0.1:${port('sandbox', 4500)}/phone/api/people`],
};
const urls = others[APP]?.() ?? [ready(APP)];
const answers = await Promise.all(urls.map((url) => fetch(url, { signal: AbortSignal.timeout(4000) })));
process.exitCode = answers.every(({ ok }) => ok) ? 0 : 1;
