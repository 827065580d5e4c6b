import { backboneContract } from '../test/backbone.contract';
import { describeWithBroker, openRabbit } from '../test/broker';
import { MemoryTransport } from './memory.transport';

describe('the backbone in one process', () => {
  backboneContract(() => new MemoryTransport());
});

describeWithBroker('the backbone over RabbitMQ', () => {
  backboneContract(() => openRabbit());
});
