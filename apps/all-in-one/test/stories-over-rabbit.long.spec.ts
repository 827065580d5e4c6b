import { describeWithBroker, freshQueues } from './rabbit';
import { stories } from './stories';

describeWithBroker('all services over RabbitMQ', () => stories(freshQueues));
