import { until } from '@switchboard/testing';
import { connect } from 'amqplib';
import { v7 as uuidv7 } from 'uuid';
import { brokerUrl, describeWithBroker, openRabbit } from '../test/broker';
import { transportContract } from '../test/transport.contract';
import { RabbitTransport } from './rabbit.transport';

describeWithBroker('the RabbitMQ transport', () => {
  transportContract(() => ({ open: openRabbit }));

  it('keeps what not even the inbox can begin to handle beside the queue', async () => {
    const type = `spec.event-${uuidv7()}.v1`;
    const name = `spec.group-${uuidv7()}`;
    const transport = new RabbitTransport({ url: brokerUrl(), name: 'spec', deliveryLimit: 3 });
    const group = { name, types: [type], ordered: false, shards: 1, concurrency: 1, batchSize: 10 };
    let deliveries = 0;
    await transport.subscribe(group, () => {
      deliveries++;
      return Promise.reject(new Error('out of memory'));
    });
    await until(() => transport.ready(), { what: 'the transport to be ready' });
    await transport.publish([{ id: uuidv7(), type, subject: 's', body: '"kept"' }]);
    const connection = await connect(brokerUrl());
    const channel = await connection.createChannel();
    const kept = await until(() => channel.get(`${name}.undelivered`, { noAck: true }), { what: 'the message' });
    expect(kept.content.toString()).toBe('"kept"');
    expect(deliveries).toBe(4);
    await connection.close();
    await transport.close();
  });

  it('rejects a publish while the broker is away', async () => {
    const transport = new RabbitTransport({ url: 'amqp://127.0.0.1:1', name: 'nowhere' });
    await expect(transport.publish([{ id: '1', type: 'a.b.c.v1', subject: 's', body: '{}' }])).rejects.toThrow(
      'RabbitMQ is away',
    );
    expect(transport.ready()).toBe(false);
    await transport.close();
  });
});
