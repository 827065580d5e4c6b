import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..');

/**
 * Lints texts as if they stood in the named files, with the workspace's own configuration, and answers the rules that each
 * breaks. In a process of its own, because ESLint loads its configuration by import(), which Jest's CommonJS does not have;
 * without types, because the files do not exist.
 */
const lintTexts = `
  import { ESLint } from 'eslint';
  const untyped = {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { project: null } },
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  };
  const eslint = new ESLint({ overrideConfig: [untyped] });
  const broken = [];
  for (const [filePath, text] of JSON.parse(process.argv[1])) {
    const [{ messages }] = await eslint.lintText(text, { filePath });
    broken.push(messages.map(({ ruleId, message }) => ruleId ?? message));
  }
  console.log(JSON.stringify(broken));
`;

const boundaries = '@nx/enforce-module-boundaries';

const imports: [file: string, imported: string, broken: string[]][] = [
  ['apps/chat-ai/src/planted.ts', '@switchboard/contracts', []],
  ['apps/chat-ai/src/planted.ts', '@switchboard/service-kit', []],
  ['apps/chat-ai/src/planted.ts', '@switchboard/bot-adapter', [boundaries]],
  ['apps/chat-ai/src/planted.ts', '../../bot-adapter/src/bot-adapter.app', [boundaries]],
  ['apps/chat-ai/src/planted.ts', '@switchboard/testing', [boundaries]],
  ['apps/chat-ai/src/planted.spec.ts', '@switchboard/testing', []],
  ['apps/all-in-one/src/planted.ts', '@switchboard/chat-ai', []],
  ['apps/all-in-one/src/planted.ts', '@switchboard/testing', [boundaries]],
  ['apps/sandbox/src/planted.ts', '@switchboard/contracts', []],
  ['apps/sandbox/src/planted.ts', '@switchboard/service-kit', [boundaries]],
  ['apps/sandbox/phone/src/planted.ts', '@nestjs/common', [boundaries]],
  ['libs/bus/src/planted.ts', '@switchboard/testing', [boundaries]],
  ['libs/bus/src/planted.spec.ts', '@switchboard/testing', []],
  ['libs/testing/src/planted.ts', '@switchboard/bus', []],
  ['apps/console/src/planted.ts', '@switchboard/ui', []],
  ['apps/console/src/planted.ts', '@switchboard/api-client', []],
  ['apps/console/src/planted.ts', '@switchboard/service-kit', [boundaries]],
  ['libs/api-client/src/planted.ts', '@switchboard/ui', [boundaries]],
  ['libs/ui/src/planted.ts', '@switchboard/api-client', [boundaries]],
  ['libs/contracts/src/planted.ts', 'zod', []],
  ['libs/contracts/src/planted.ts', 'typeorm', [boundaries]],
  ['libs/contracts/src/planted.ts', '@switchboard/bus', [boundaries]],
];

const names: [file: string, broken: string[]][] = [
  ['apps/chat-ai/src/turns.service.spec.ts', []],
  ['apps/chat-ai/migrations/1764100000000-create-turns.ts', []],
  ['apps/chat-ai/src/turnsService.ts', ['files/name']],
  ['apps/chat-ai/src/беседы.ts', ['files/name']],
  ['apps/chat-ai/src/turn-helper.ts', ['files/name']],
  ['apps/chat-ai/src/utils.ts', ['files/name']],
];

describe('the lint rules of the house', () => {
  let found: string[][];

  beforeAll(() => {
    const texts = [
      ...imports.map(([file, imported]) => [join(root, file), `import '${imported}';\n`]),
      ...names.map(([file]) => [join(root, file), 'export {};\n']),
    ];
    const args = ['--input-type=module', '--eval', lintTexts, JSON.stringify(texts)];
    found = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })) as string[][];
  }, 60_000);

  it.each(imports.map(([file, imported, broken], i) => ({ file, imported, broken, i })))(
    '$file may import $imported unless: $broken',
    ({ broken, i }) => expect(found[i]).toEqual(broken),
  );

  it.each(names.map(([file, broken], i) => ({ file, broken, i: i + imports.length })))(
    'a file may be called $file unless: $broken',
    ({ broken, i }) => expect(found[i]).toEqual(broken),
  );
});

/** Their builds are kept by Nx for as long as nothing of which they are made has changed. */
describe('a web app', () => {
  const projects = globSync('apps/**/project.json', { cwd: root, exclude: (name) => name.includes('node_modules') })
    .map((file) => ({ folder: dirname(file), ...(JSON.parse(readFileSync(join(root, file), 'utf8')) as Project) }))
    .filter(({ tags }) => tags.includes('kind:web'));

  it.each(projects)('$name says of which other projects it is made', ({ folder, implicitDependencies = [] }) => {
    const imported = globSync('{src/**/*.{ts,tsx},vite.config.mts}', { cwd: join(root, folder) }).flatMap((file) => {
      const text = readFileSync(join(root, folder, file), 'utf8');
      const packages = [...text.matchAll(/from '@switchboard\/([a-z-]+)/g)].map(([, name]) => name!);
      const files = [...text.matchAll(/from '(\.[^']+)'/g)]
        .map(([, path]) => join(folder, dirname(file), path!))
        .filter((path) => !path.startsWith(`${folder}/`));
      return [...packages, ...files.map((path) => path.split('/')[1]!)];
    });
    expect(imported.length).toBeGreaterThan(0);
    expect([...new Set(imported)].sort()).toEqual(implicitDependencies);
  });
});

interface Project {
  readonly name: string;
  readonly tags: readonly string[];
  readonly implicitDependencies?: readonly string[];
}
