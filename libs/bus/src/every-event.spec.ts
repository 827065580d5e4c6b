import { describeWithBroker, openRabbit } from '../test/broker';
import { everyEventContract } from '../test/every-event.contract';
import { MemoryTransport } from './memory.transport';

describe('a group that hears every event, in one process', () => {
  everyEventContract((observer) => new MemoryTransport(observer));
});

describeWithBroker('a group that hears every event, over RabbitMQ', () => {
  everyEventContract((observer) => openRabbit(observer));
});
