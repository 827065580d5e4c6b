import { describeWithBroker, openRabbit } from '../test/broker';
import { transportContract } from '../test/transport.contract';
import { RabbitTransport } from './rabbit.transport';

describeWithBroker('the RabbitMQ transport', () => {
  transportContract(() => ({ open: openRabbit }));

  it('rejects a publish while the broker is away', async () => {
    const transport = new RabbitTransport({ url: 'amqp://127.0.0.1:1', name: 'nowhere' });
    await expect(transport.publish([{ id: '1', type: 'a.b.c.v1', subject: 's', body: '{}' }])).rejects.toThrow(
      'RabbitMQ is away',
    );
    expect(transport.ready()).toBe(false);
    await transport.close();
  });
});
