import { describeWithBroker, freshQueues } from './rabbit';
import { stories } from './stories';

// A file of its own, so that it runs beside the other one. Queues are named after services: no other spec may use them.
// What becomes of trouble with third parties does not depend on the transport: stories-over-rabbit.long.spec.ts
describeWithBroker('all services over RabbitMQ', () =>
  stories(freshQueues, ['privacy', 'conversations', 'voice', 'crowds']),
);
