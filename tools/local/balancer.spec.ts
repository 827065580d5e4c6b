import { createServer, type Server } from 'node:http';
import { startBalancer } from './balancer.mts';
import { freePorts } from './processes.mts';

describe('a balancer', () => {
  const servers: Server[] = [];
  const serve = (port: number, answer: string) =>
    new Promise<void>((resolve) => {
      const server = createServer((_, response) => void response.setHeader('connection', 'close').end(answer));
      servers.push(server.listen(port, '127.0.0.1', resolve));
    });
  afterAll(() => servers.forEach((server) => server.close()));

  it('gives each connection to the next process, and to another one when that is gone', async () => {
    const [front, first, second] = (await freePorts(3)) as [number, number, number];
    await serve(first, 'first');
    await serve(second, 'second');
    const balancer = await startBalancer(front, [first, second]);
    try {
      const ask = async () => (await fetch(`http://127.0.0.1:${front}`)).text();
      expect([await ask(), await ask()].sort()).toEqual(['first', 'second']);
      await new Promise((resolve) => servers[0]!.close(resolve));
      expect([await ask(), await ask()]).toEqual(['second', 'second']);
      await new Promise((resolve) => servers[1]!.close(resolve));
      await expect(ask()).rejects.toThrow();
    } finally {
      await balancer.close();
    }
  });
});
