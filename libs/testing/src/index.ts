export { startApp, testEnv, testIndex, type TestApp, type TestAppOptions } from './start-app';
export { createTestDatabase, type TestDatabase } from './test-database';
export { BusProbe } from './bus-probe';
export { dataMapProblems } from './data-map';
export { type Import, importsOf, layerProblems } from './layers';
export { FakeClock } from './fake-clock';
export { TcpProxy } from './tcp-proxy';
export { hearsUnknownWords, UNKNOWN_WORD } from './unknown-words';
export { until } from './until';
