import { transportContract } from '../test/transport.contract';
import { MemoryTransport } from './memory.transport';

describe('the in-process transport', () => {
  transportContract(() => ({
    open: (observer) => new MemoryTransport(observer),
    onlyOneProcess: 'It lives in one process by definition',
  }));

  it('resolves a publish only when every group has settled it', async () => {
    const transport = new MemoryTransport();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const group = { types: ['a.b.c.v1'], ordered: false, shards: 1, concurrency: 1, batchSize: 10 };
    await transport.subscribe({ ...group, name: 'a.quick' }, () => Promise.resolve());
    await transport.subscribe({ ...group, name: 'a.slow' }, () => held);
    let resolved = false;
    const publishing = transport
      .publish([{ id: '1', type: 'a.b.c.v1', subject: 's', body: '{}' }])
      .then(() => (resolved = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(resolved).toBe(false);
    release();
    await publishing;
    expect(resolved).toBe(true);
  });
});
