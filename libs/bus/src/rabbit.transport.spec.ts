import { transportContract } from '../test/transport.contract';
import { RabbitTransport } from './rabbit.transport';

const url = process.env['AMQP_URL'];
// Set by `npm test` on a person's machine without a broker; in CI the tests run and fail instead.
const describeWithBroker = process.env['AMQP_MISSING'] && process.env['CI'] !== 'true' ? describe.skip : describe;

describeWithBroker('the RabbitMQ transport', () => {
  transportContract(() => ({
    open: (observer) => {
      if (!url)
        throw new Error(process.env['AMQP_MISSING'] ?? 'AMQP_URL is not set: run specs with `npm test -- <path>`');
      return new RabbitTransport({ url, name: 'contract', ...observer });
    },
  }));

  it('rejects a publish while the broker is away', async () => {
    const transport = new RabbitTransport({ url: 'amqp://127.0.0.1:1', name: 'nowhere' });
    await expect(transport.publish([{ id: '1', type: 'a.b.c.v1', subject: 's', body: '{}' }])).rejects.toThrow(
      'RabbitMQ is away',
    );
    expect(transport.ready()).toBe(false);
    await transport.close();
  });
});
