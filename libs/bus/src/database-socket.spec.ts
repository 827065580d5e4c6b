import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Client } from 'pg';
import { databaseSocket } from './database-socket';
import { isInfrastructureError } from './errors';

it('gives up a connection whose server says nothing, in a way that repeats the work', async () => {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new Client({
    connectionString: `postgres://user@127.0.0.1:${(server.address() as AddressInfo).port}/db`,
    stream: () => databaseSocket({ silenceMs: 50 }),
  });
  client.on('error', () => undefined);
  const error = await client.connect().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'the database was silent for 50 ms' });
  expect(isInfrastructureError(error)).toBe(true);
  for (const socket of accepted) socket.destroy();
  server.close();
});
