import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const sources = join(__dirname, '..', 'src');

/** The folders and the files of `src`, from the bottom to the top. */
const LAYERS = [
  ...[
    'error-reports',
    'lazy-part',
    'services',
    'tab-storage',
    'web-app',
    'http',
    'search',
    'list',
    'session',
    'page-failed',
    'loaded',
    'pending-page',
    'kept-row',
    'period',
    'reason',
  ],
  ...['saved-filters', 'staff-names', 'channel-names', 'person-names', 'secrets', 'passkeys', 'sign-in'],
  ...['bots', 'shop', 'ledger', 'orders', 'subscriptions', 'catalogue', 'partners', 'payouts', 'sales', 'servers'],
  ...['segments', 'broadcasts', 'promotions'],
  ...['prompts', 'knowledge', 'experiments', 'people', 'conversations', 'exports', 'boards', 'usage', 'alerts'],
  ...['failures', 'webhooks', 'keys', 'system', 'audit', 'staff', 'approvals', 'overview', 'account', 'me'],
  ...['guest-shop', 'shell', 'routes', 'app', 'main'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = globSync('**/*.{ts,tsx}', { cwd: sources }).filter((file) => !file.endsWith('.spec.ts'));
const imports: Import[] = files.flatMap((from) =>
  [...readFileSync(join(sources, from), 'utf8').matchAll(/(?:from |import\()'(\.[^'?]+)/g)].flatMap(([, path]) => {
    const target = join(dirname(from), path!);
    const to = files.find((file) => file === `${target}.ts` || file === `${target}.tsx`);
    return to ? [{ from, to }] : [];
  }),
);
const layerOf = (file: string) => LAYERS.indexOf(file.split('/')[0]!.replace(/\.tsx?$/, ''));

it('every folder and file of the console is in a layer', () => {
  expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
  expect(LAYERS.filter((_, layer) => !files.some((file) => layerOf(file) === layer))).toEqual([]);
});

it('what is below imports nothing of what is above', () => {
  expect(imports.filter(({ from, to }) => layerOf(to) > layerOf(from))).toEqual([]);
});

it('files import each other in no circle', () => {
  /** Files that import only each other stay when those that import none of the rest are taken away. */
  let left = imports;
  for (let before = -1; before !== left.length;) {
    before = left.length;
    const importing = new Set(left.map(({ from }) => from));
    left = left.filter(({ to }) => importing.has(to));
  }
  expect(left).toEqual([]);
});
