import { connect } from 'amqplib';

const url = process.env['AMQP_URL'];
export const describeWithBroker =
  process.env['AMQP_MISSING'] && process.env['CI'] !== 'true' ? describe.skip : describe;

const QUEUES = [
  'bot-adapter.deliveries',
  'bot-adapter.speech',
  'chat-ai.conversations',
  'chat-ai.transcriptions',
  'tts-worker.speech',
  'tts-worker.transcription',
];

/** A run that was killed may have left events, about people of a database that is gone. */
export async function freshQueues(): Promise<Record<string, string>> {
  if (!url) throw new Error(process.env['AMQP_MISSING'] ?? 'AMQP_URL is not set: run specs with `npm test -- <path>`');
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const queue of QUEUES) await channel.deleteQueue(queue);
  await connection.close();
  return { BUS: 'rabbit', AMQP_URL: url };
}
