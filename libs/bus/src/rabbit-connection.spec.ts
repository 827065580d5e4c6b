import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { describeWithBroker } from '../test/broker';
import { CHANNEL_CLOSE, FrameProxy } from '../test/frame-proxy';
import { RabbitConnection } from './rabbit-connection';
import { RabbitTransport } from './rabbit.transport';
import type { BatchHandler, ConsumerGroup } from './transport';

describeWithBroker('a connection that is lost at a bad moment', () => {
  let proxy: FrameProxy;
  let transport: RabbitTransport;
  let type: string;

  const subscribe = (handle: BatchHandler) => {
    const group: ConsumerGroup = {
      name: `spec.group-${uuidv7()}`,
      types: [type],
      ordered: false,
      shards: 1,
      concurrency: 1,
      batchSize: 10,
    };
    return transport.subscribe(group, handle);
  };
  const publish = () => transport.publish([{ id: uuidv7(), type, subject: 's', body: '{}' }]);
  const ready = () => until(() => transport.ready(), { what: 'the transport to be ready' });

  beforeEach(async () => {
    type = `spec.event-${uuidv7()}.v1`;
    proxy = await FrameProxy.open();
    transport = new RabbitTransport({ url: proxy.url, name: 'spec' });
    await ready();
  });
  afterEach(async () => {
    await transport.close();
    proxy.close();
  });

  it('comes back when it is lost while a group is made, and the group hears', async () => {
    proxy.cutOnceAt(CHANNEL_CLOSE);
    let heard = 0;
    await subscribe((batch) => Promise.resolve(void (heard += batch.length)));
    await ready();
    await publish();
    await until(() => heard === 1, { what: 'the event' });
  });

  it('lets an operation on a channel of its own end when its answer never comes', async () => {
    proxy.cutOnceAt(CHANNEL_CLOSE);
    await transport.unbind(`spec.nobody-${uuidv7()}`, [type]);
    await ready();
  });

  it('is made anew when something of it is lost while the rest is still made', async () => {
    const connection = new RabbitConnection(proxy.url, 'spec', () => undefined);
    let made = 0;
    await connection.onConnection(() => Promise.resolve(void (++made === 2 && connection.startOver())));
    proxy.cutAll();
    await until(() => made === 3 && connection.connected, { what: 'a third connection' });
    await connection.close();
  });

  it('does not refuse a group for a connection that is lost while it is made', async () => {
    const opened = Array.from({ length: 5 }, () => subscribe(() => Promise.resolve()));
    setImmediate(() => proxy.cutAll());
    await Promise.all(opened);
  });
});
