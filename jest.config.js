// ESM-only packages: Jest runs CommonJS, so their JavaScript goes through swc as well.
const esmOnly = [
  '@nestjs',
  '@standard-schema',
  '@borewit',
  '@noble',
  '@scure',
  '@tokenizer',
  'canonicalize',
  'cockatiel',
  'cookie',
  'd3-[a-z-]+',
  'eventsource-parser',
  'file-type',
  'graphile-worker',
  'internmap',
  'jose',
  'lru-cache',
  'marked',
  'oauth4webapi',
  'oidc-provider',
  'openid-client',
  'strtok3',
  'token-types',
  'uint8array-extras',
  'uuid',
];

// Long ones are run by `npm run verify`, and by whoever names them: npm test -- drill.long.
const long = process.argv.some((argument) => argument.includes('.long'));

// One Jest process for the whole workspace: on two cores that is faster than one per project.
/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.{ts,tsx}'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(long ? [] : ['\\.long\\.spec\\.'])],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.switchboard/'],
  moduleNameMapper: {
    '^@switchboard/(contracts|bus|service-kit|tables|testing|ui|api-client)$': '<rootDir>/libs/$1/src/index.ts',
    '\\.css$': '<rootDir>/tools/no-styles.js',
    // Every other package of ours is a service, and its definition is all that it exports.
    '^@switchboard/([a-z0-9-]+)$': '<rootDir>/apps/$1/src/$1.app.ts',
  },
  transform: { '\\.[cm]?[jt]sx?$': ['@swc/jest', require('./tools/swc.config.js')] },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  testEnvironment: 'node',
  testTimeout: 60_000,
  // One more than the cores of a small machine: specs wait for servers and deadlines more than they compute.
  maxWorkers: 3,
  // What the modules of hundreds of files leave behind fills three gigabytes a worker and keeps its garbage collector busy.
  workerIdleMemoryLimit: '1GB',
  // A worker that is done ends within milliseconds; giving back its memory takes up to a second on a busy machine, and after the
  // usual half of one Jest says that tests leak. Those that do (an app that a failed test did not stop) are still told of.
  workerGracefulExitTimeout: 5000,
  // As without, but the second keeps a run with coverage small.
  reporters: ['default', '<rootDir>/tools/lean-coverage.mts'],
  collectCoverageFrom: ['{apps,libs}/*/src/**/*.ts', '!**/*.spec.ts', '!**/main.ts'],
  coverageProvider: 'v8',
  coverageDirectory: 'artifacts/coverage',
  coverageReporters: ['text-summary', 'lcovonly'],
};
