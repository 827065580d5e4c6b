export { startApp, testEnv, type TestApp, type TestAppOptions } from './start-app';
export { createTestDatabase, type TestDatabase } from './test-database';
export { BusProbe } from './bus-probe';
export { FakeClock } from './fake-clock';
export { until } from './until';
