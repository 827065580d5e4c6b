import type { ServiceClient } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Registry } from 'prom-client';
import { Upstream } from '../../test/upstream';
import { type Forwarding, Upstreams } from './upstreams';

const MIB = 1024 * 1024;

describe('what is passed on', () => {
  let upstream: Upstream;
  let upstreams: Upstreams;
  let registry: Registry;
  let front: Server;
  /** How a request is passed on; the default is at once. */
  let before: (response: ServerResponse) => Promise<void>;
  let isLong: boolean;
  const problems: unknown[] = [];
  const port = () => (front.address() as AddressInfo).port;
  const url = () => `http://127.0.0.1:${port()}`;

  beforeAll(async () => {
    upstream = await Upstream.start();
    front = createServer((request, response) => {
      const forwarding: Forwarding = {
        service: 'chat-ai',
        target: request.url!,
        token: undefined,
        requestId: 'r',
        maxBytes: 100 * MIB,
        isLong,
      };
      before(response)
        .then(() => upstreams.forward(request, response, forwarding))
        .catch((error: unknown) => {
          problems.push(error);
          response.writeHead(503).end();
        });
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
    await upstream.stop();
  });
  beforeEach(() => {
    registry = new Registry();
    const addressOf = (service: string) => upstream.directory.get(service);
    upstreams = new Upstreams({ addressOf } as unknown as ServiceClient, registry);
    upstream.answer = (_, response) => void response.end('fine');
    upstream.asked.length = 0;
    before = () => Promise.resolve();
    isLong = false;
    problems.length = 0;
  });
  afterEach(() => upstreams.onModuleDestroy());

  const value = async (name: string, labels: Record<string, string>) =>
    (await registry.getSingleMetric(name)!.get()).values.find(({ labels: of }) =>
      Object.entries(labels).every(([key, is]) => of[key] === is),
    )?.value ?? 0;
  const running = () => value('gateway_upstream_requests', { state: 'running' });

  it('of callers who leave before they are answered the service is not to blame', async () => {
    let open = 0;
    upstream.answer = (_, response) => {
      open++;
      response.once('close', () => open--);
    };
    for (let i = 0; i < 6; i++) {
      const request = httpRequest(url()).on('error', () => undefined);
      request.end();
      await until(() => open === 1, { what: 'the service being asked' });
      request.destroy();
      await until(() => open === 0, { what: 'the service being told' });
    }
    upstream.answer = (_, response) => void response.end('fine');
    expect((await fetch(url())).status).toBe(200);
    expect(problems).toEqual([]);
    expect(await value('gateway_upstream_circuit_open', { service: 'chat-ai' })).toBe(0);
  });

  it('nobody is asked for one who has left while it was found out who they are', async () => {
    const left: ServerResponse[] = [];
    before = async (response) => {
      await once(response, 'close');
      left.push(response);
    };
    const socket = connect(port(), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nbeginning');
    await until(async () => (await new Promise<number>((done) => front.getConnections((_, n) => done(n)))) > 0, {
      what: 'the connection',
    });
    setTimeout(() => socket.resetAndDestroy(), 50);
    await until(() => left.length === 1, { what: 'the end' });
    before = () => Promise.resolve();
    expect((await fetch(url())).status).toBe(200);
    expect(upstream.asked).toHaveLength(1);
    expect(await running()).toBe(0);
  });

  it('streams and files take no connection from what is answered at once', async () => {
    const open: ServerResponse[] = [];
    upstream.answer = (request, response) => {
      if (request.url === '/short') return void response.end('fine');
      open.push(response);
      response.writeHead(200).write('first');
    };
    isLong = true;
    const streams = await Promise.all(Array.from({ length: 140 }, () => fetch(`${url()}/long`)));
    isLong = false;
    expect(await (await fetch(`${url()}/short`)).text()).toBe('fine');
    expect(await value('gateway_upstream_requests', { pool: 'long', state: 'running' })).toBe(140);
    for (const response of open) response.end();
    await Promise.all(streams.map((each) => each.text()));
  });

  it('a request for which no connection comes free is answered all the same, and the service is not called away', async () => {
    const open: ServerResponse[] = [];
    upstream.answer = (_, response) => void open.push(response);
    const waiting = Array.from({ length: 128 }, () => fetch(url()));
    await until(() => open.length === 128, { what: 'all connections being taken' });
    expect((await fetch(url())).status).toBe(503);
    expect(problems).toMatchObject([{ message: 'chat-ai is busy' }]);
    for (const response of open) response.end('fine');
    await Promise.all(waiting.map(async (each) => (await each).text()));
    expect(await value('gateway_upstream_circuit_open', { service: 'chat-ai' })).toBe(0);
  });

  it('what a service says of a body that it does not want arrives, however much of it is still sent', async () => {
    upstream.answer = (request, response) => {
      response.writeHead(415).end('no such type');
      request.resume();
    };
    for (let i = 0; i < 6; i++) {
      const answer = await fetch(url(), { method: 'POST', body: Buffer.alloc(9 * MIB) });
      expect([answer.status, await answer.text()]).toEqual([415, 'no such type']);
    }
    expect(problems).toEqual([]);
  });

  it('a reader who is slow is waited for, and gets all of it', async () => {
    const whole = Buffer.alloc(20 * MIB, 'x');
    upstream.answer = (_, response) => void response.end(whole);
    const request = httpRequest(url());
    request.end();
    const [answer] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
    let bytes = 0;
    for await (const chunk of answer) {
      bytes += chunk.length;
      await new Promise(setImmediate);
    }
    expect(bytes).toBe(whole.length);
    await until(async () => (await running()) === 0, { what: 'the end' });
  });
});
