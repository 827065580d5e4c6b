import { connect, createServer, type Socket } from 'node:net';

export interface Balancer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * One address for several processes, as the name of a service is one in a network of containers: each connection goes to the next of
 * them, and on to another when that one does not listen. A connection to a process that is killed ends.
 * @param ports of those that are meant to listen, on the loopback interface
 */
export async function startBalancer(port: number, ports: readonly number[]): Promise<Balancer> {
  let turn = 0;
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client);
    client.on('error', () => client.destroy());
    client.once('close', () => open.delete(client));
    pass(client, ports, turn++, ports.length);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function pass(client: Socket, ports: readonly number[], turn: number, triesLeft: number): void {
  const upstream = connect({ port: ports[turn % ports.length]!, host: '127.0.0.1', allowHalfOpen: true });
  let isThrough = false;
  upstream.once('connect', () => {
    isThrough = true;
    client.pipe(upstream).pipe(client);
  });
  client.once('close', () => upstream.destroy());
  upstream.once('error', () => {
    if (isThrough || triesLeft <= 1) client.destroy();
    else pass(client, ports, turn + 1, triesLeft - 1);
  });
}
