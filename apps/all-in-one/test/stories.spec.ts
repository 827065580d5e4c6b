import { stories } from './stories';

describe('all services in one process', () => stories(() => Promise.resolve({ BUS: 'memory' })));
