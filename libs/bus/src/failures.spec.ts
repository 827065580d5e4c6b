import { describeWithBroker, openRabbit } from '../test/broker';
import { failuresContract } from '../test/failures.contract';
import { MemoryTransport } from './memory.transport';

describe('failing events in one process', () => {
  failuresContract(() => new MemoryTransport());
});

describeWithBroker('failing events over RabbitMQ', () => {
  failuresContract(() => openRabbit());
});
