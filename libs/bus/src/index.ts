// For every service
export {
  Consumer,
  Handles,
  HandlesAll,
  HandlesBatch,
  OnSignal,
  SelectsEvents,
  type GroupOptions,
} from './handles.decorator';
export { Outbox } from './outbox';
export { Signals } from './signals';
export { EncryptionKeyMissing, PermanentError, RetryLater, isInfrastructureError } from './errors';

// For operators' endpoints
export { DeadLetters, type DeadLetter, type DeadLetterFilter, type DeadLetterGroup } from './dead-letters';
export { busStateOf, type BusState, type EventGroupState } from './bus-state';
export { RELEASE_OVERLAP_MINUTES, RETRY_AFTER_SECONDS } from './parked-events';

// For those who start services (service-kit, testing)
export { Bus, type BusOptions, busTasks } from './bus';
export { BusExceptionFilter } from './bus-exception.filter';
export { busMigrations } from './bus-migrations';
export { withCorrelation } from './event-context';
export { decrypted, type EventCipher, seal } from './event-cipher';
export { readSignal } from './signals';
export { databaseSocket } from './database-socket';
export { LockSession } from './lock-session';
export {
  type PeriodicOutcome,
  type PeriodicTask,
  PeriodicTasks,
  type PeriodicTaskState,
  type RunningTask,
} from './periodic-tasks';
export { MemoryTransport } from './memory.transport';
export { RabbitTransport, type RabbitOptions } from './rabbit.transport';
export type { BusMessage, ConsumerGroup, Delivery, Subscription, Transport, TransportObserver } from './transport';

// For generated documents
export { topologyOf, type Topology } from './topology';
