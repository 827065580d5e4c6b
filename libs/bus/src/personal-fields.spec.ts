import { describeWithBroker, openRabbit } from '../test/broker';
import { personalFieldsContract } from '../test/personal-fields.contract';
import { MemoryTransport } from './memory.transport';

describe('personal fields in one process', () => {
  personalFieldsContract(() => new MemoryTransport());
});

describeWithBroker('personal fields over RabbitMQ', () => {
  personalFieldsContract(() => openRabbit());
});
