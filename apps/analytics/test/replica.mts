import { readFileSync } from 'node:fs';
import { type BusMessage, MemoryTransport } from '@switchboard/bus';
import { createLog, generateIdentityKeys, Service } from '@switchboard/service-kit';
// As it is built: Node runs no decorators.
import { analyticsApp } from '../dist/src/analytics.app.js';

// A process of analytics that is given all events of a file, as a broker gives them again to whoever has not acknowledged them.

const AT_ONCE = 50;

const [file] = process.argv.slice(2);
const messages = JSON.parse(readFileSync(file!, 'utf8')) as BusMessage[];
const transport = new MemoryTransport();
const service = await Service.prepare(analyticsApp, {
  env: process.env,
  log: createLog({ level: 'warn', format: 'json' }),
  transport,
  keys: await generateIdentityKeys(['analytics']),
  directory: new Map(),
});
await service.listen();
for (let at = 0; at < messages.length; at += AT_ONCE) {
  await transport.publish(messages.slice(at, at + AT_ONCE));
  console.log(`stored ${at + AT_ONCE}`);
}
console.log('finished');
await service.stop();
process.exit(0);
