import { topologyOf } from '@switchboard/bus';
import { connect } from 'amqplib';
import { services } from '../src/services';

const url = process.env['AMQP_URL'];
export const describeWithBroker =
  process.env['AMQP_MISSING'] && process.env['CI'] !== 'true' ? describe.skip : describe;

const QUEUES = services.flatMap(({ name, module }) =>
  topologyOf(module).groups.map((group) => `${name}.${group.name}`),
);

/** A run that was killed may have left events, about people of a database that is gone. */
export async function freshQueues(): Promise<Record<string, string>> {
  if (!url) throw new Error(process.env['AMQP_MISSING'] ?? 'AMQP_URL is not set: run specs with `npm test -- <path>`');
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const queue of QUEUES) await channel.deleteQueue(queue);
  await connection.close();
  return { BUS: 'rabbit', AMQP_URL: url };
}
