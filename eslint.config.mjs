import { join } from 'node:path';
import js from '@eslint/js';
import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import ts from 'typescript-eslint';
import fileName from './tools/lint/file-name.mjs';

// The boundary rule reads the project graph from Nx' cache, and silently checks nothing without one.
process.env.NX_DAEMON = 'false';
const { nodes } = await createProjectGraphAsync({ exitOnError: false });
const services = Object.values(nodes).filter(({ data }) => data.tags?.includes('kind:service'));

/**
 * Who may import whom. A project whose tags match no line may import none of ours, so that forgotten tags fail loudly:
 * there is no `* → *` here.
 * @param {string[]} also kinds that specs may import besides
 */
const boundaries = (also = []) => [
  { sourceTag: 'kind:service', onlyDependOnLibsWithTags: ['kind:contracts', 'kind:runtime', ...also] },
  { sourceTag: 'kind:compose', onlyDependOnLibsWithTags: ['kind:service', 'kind:contracts', 'kind:runtime', ...also] },
  { sourceTag: 'kind:runtime', onlyDependOnLibsWithTags: ['kind:contracts', 'kind:runtime', ...also] },
  { sourceTag: 'kind:testing', onlyDependOnLibsWithTags: ['kind:contracts', 'kind:runtime'] },
  // A third party knows nothing of us but the words we share.
  { sourceTag: 'kind:sandbox', onlyDependOnLibsWithTags: ['kind:contracts', ...also] },
  {
    sourceTag: 'kind:contracts',
    onlyDependOnLibsWithTags: [],
    bannedExternalImports: ['@nestjs/*', 'typeorm', 'react'],
  },
  {
    sourceTag: 'kind:web',
    onlyDependOnLibsWithTags: ['kind:contracts', 'kind:client', 'kind:ui', ...also],
    bannedExternalImports: ['@nestjs/*', 'typeorm', 'amqplib'],
  },
  {
    sourceTag: 'kind:client',
    onlyDependOnLibsWithTags: ['kind:contracts'],
    bannedExternalImports: ['@nestjs/*', 'typeorm', 'amqplib', 'react'],
  },
  {
    sourceTag: 'kind:ui',
    onlyDependOnLibsWithTags: ['kind:contracts', 'kind:ui'],
    bannedExternalImports: ['@nestjs/*', 'typeorm'],
  },
];

// The specs of bus and service-kit use `testing`, which is built on both. Among projects that is a circle, among files it is
// none: the lines above let nothing but a spec import `testing`.
const ignoredCircularDependencies = [
  ['bus', 'testing'],
  ['service-kit', 'testing'],
];

const boundaryRule = (depConstraints, options = {}) => ({
  '@nx/enforce-module-boundaries': ['error', { depConstraints, ignoredCircularDependencies, ...options }],
});

const code = ['{apps,libs}/**/*.{ts,mts,tsx}'];
const specs = ['{apps,libs}/**/*.spec.{ts,tsx}', '{apps,libs}/*/test/**/*.ts'];

// Putting the services together is what this one app is for; Nx forbids importing apps, and `allow` skips its other checks.
const composing = { allow: services.map(({ name }) => `@switchboard/${name}`) };

export default defineConfig(
  {
    ignores: ['**/dist/', '**/node_modules/', '.nx/', '.switchboard/', 'artifacts/', 'libs/api-client/src/generated/'],
  },
  js.configs.recommended,
  { files: ['**/*.{js,mjs,cjs}'], languageOptions: { globals: globals.node } },
  { files: ['**/*.{js,cjs}'], languageOptions: { sourceType: 'commonjs' } },
  {
    plugins: { files: { rules: { name: fileName } }, '@nx': nx },
    rules: { 'files/name': 'error' },
  },
  {
    files: ['**/*.{ts,mts,tsx}'],
    extends: [ts.configs.recommended],
    languageOptions: { parserOptions: { project: join(import.meta.dirname, 'tools/lint/tsconfig.json') } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      // Messages of strangers hold control characters, and our text handling has to name them.
      'no-control-regex': 'off',
      // The compiler reports those (noUnusedLocals, noUnusedParameters).
      '@typescript-eslint/no-unused-vars': 'off',
    },
  },
  { files: code, rules: boundaryRule(boundaries()) },
  { files: specs, rules: boundaryRule(boundaries(['kind:testing'])) },
  // Specs talk to third parties as they are played; each service has one file that starts them. With a browser, it is led to both.
  {
    files: ['apps/*/test/start-*.ts', 'apps/*/test/*-in-browser.spec.ts'],
    rules: boundaryRule(boundaries(['kind:testing']), {
      allow: ['../../sandbox/src/sandbox', '../../sandbox/src/client'],
    }),
  },
  // The phone in the browser speaks the API of the sandbox that serves it, and reads its shapes from there.
  { files: ['apps/sandbox/phone/**'], rules: boundaryRule(boundaries(), { allow: ['../../src/phone/phone.api'] }) },
  { files: ['apps/all-in-one/**/*.ts'], rules: boundaryRule(boundaries(), composing) },
  {
    files: ['apps/all-in-one/{src/**/*.spec.ts,test/**/*.ts}'],
    rules: boundaryRule(boundaries(['kind:testing']), {
      // Stories of several services begin as the specs of each do.
      allow: [
        ...composing.allow,
        '../../sandbox/src/client',
        ...[
          ...['analytics/test/deeds', 'chat-ai/test/build', 'chat-ai/test/start-model'],
          ...['gateway/test/sign-in', 'gateway/test/start-gateway', 'gateway/src/staff/staff.service'],
          ...['bot-adapter/test/start-bot-adapter', 'bot-adapter/test/start-sandbox', 'sandbox/test/phone-page'],
          ...['payments/test/provider.contract', 'payments/src/providers/telegram-stars.provider'],
          ...['bot-adapter/test/shop-phone', 'bot-adapter/test/pretended-shop'],
          ...['payments/src/providers/payment-provider', 'payments/test/build', 'payments/test/pretended.provider'],
        ].map((file) => `../../${file}`),
      ],
    }),
  },
);
