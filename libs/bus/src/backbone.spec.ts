import { backboneContract } from '../test/backbone.contract';
import { MemoryTransport } from './memory.transport';
import { RabbitTransport } from './rabbit.transport';

describe('the backbone in one process', () => {
  backboneContract(() => new MemoryTransport());
});

const url = process.env['AMQP_URL'];
const describeWithBroker = process.env['AMQP_MISSING'] && process.env['CI'] !== 'true' ? describe.skip : describe;

describeWithBroker('the backbone over RabbitMQ', () => {
  backboneContract(() => {
    if (!url)
      throw new Error(process.env['AMQP_MISSING'] ?? 'AMQP_URL is not set: run specs with `npm test -- <path>`');
    return new RabbitTransport({ url, name: 'backbone' });
  });
});
