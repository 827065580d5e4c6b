// One Jest process for the whole workspace: on two cores that is faster than one per project.
/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  moduleNameMapper: {
    '^@switchboard/(contracts|bus|service-kit|testing)$': '<rootDir>/libs/$1/src/index.ts',
    '^@switchboard/(bot-adapter|chat-ai|tts-worker)$': '<rootDir>/apps/$1/src/$1.app.ts',
  },
  // Nest 12 and several other packages are ESM only; Jest runs CommonJS, so their JavaScript goes through swc as well.
  transform: { '\\.[cm]?[jt]sx?$': ['@swc/jest', require('./tools/swc.config.js')] },
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@standard-schema|jose|uuid|marked|cockatiel|file-type|strtok3|token-types|uint8array-extras|@tokenizer|@borewit|graphile-worker|lru-cache)/)'],
  testEnvironment: 'node',
  testTimeout: 30_000,
  maxWorkers: 2,
  collectCoverageFrom: ['{apps,libs}/*/src/**/*.ts', '!**/*.spec.ts', '!**/main.ts'],
  coverageDirectory: 'coverage',
};
