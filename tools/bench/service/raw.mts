import { connect } from 'amqplib';
import { applied, EVENT_BYTES, serve, type Settings } from './part.mjs';

/** As many unconfirmed messages as our relay has on its way. */
const UNCONFIRMED = 2000;
const PREFETCH = 400;
const ACK_EVERY = 50;

/** What the broker and its client can do with the same messages and guarantees when nothing else is done. */
export async function raw({ name, role, amqpUrl }: Settings): Promise<void> {
  const connection = await connect(amqpUrl);
  if (role === 'receiver') {
    const channel = await connection.createChannel();
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.prefetch(PREFETCH);
    let unacknowledged = 0;
    let last: { acknowledge: () => void } | undefined;
    const settle = () => {
      if (unacknowledged === 0) return;
      last!.acknowledge();
      applied(unacknowledged);
      unacknowledged = 0;
    };
    await channel.consume(name, (message) => {
      last = { acknowledge: () => channel.ack(message!, true) };
      if (++unacknowledged >= ACK_EVERY) settle();
      // What came in the same read of the socket is complete then.
      else if (unacknowledged === 1) setImmediate(settle);
    });
    return serve({});
  }
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(EVENT_BYTES - 11) }));
  serve({
    carry: ({ events }) =>
      new Promise((resolve, reject) => {
        let sent = 0;
        let confirmed = 0;
        const more = () => {
          for (; sent < events && sent - confirmed < UNCONFIRMED; sent++) {
            channel.sendToQueue(name, body, { persistent: true }, (error: unknown) => {
              if (error) return reject(new Error('not confirmed'));
              if (++confirmed === events) resolve();
              else if (confirmed % (UNCONFIRMED / 4) === 0) more();
            });
          }
        };
        more();
      }),
  });
}
