import { RabbitTransport } from '../src/rabbit.transport';
import type { TransportObserver } from '../src/transport';

/** Set by `npm test` on a person's machine without a broker; in CI the tests run and fail instead. */
export const describeWithBroker =
  process.env['AMQP_MISSING'] && process.env['CI'] !== 'true' ? describe.skip : describe;

export function brokerUrl(): string {
  const url = process.env['AMQP_URL'];
  if (!url) throw new Error(process.env['AMQP_MISSING'] ?? 'AMQP_URL is not set: run specs with `npm test -- <path>`');
  return url;
}

export const openRabbit = (observer: TransportObserver = {}) =>
  new RabbitTransport({ url: brokerUrl(), name: 'spec', ...observer });
