import http, { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startNameServer } from '../../test/name-server';
import { guardedAgent, guardedFetch } from './outbound-connections';
import { OutboundError, OutboundGuard } from './outbound-guard';

const ALLOWED = '127.0.0.2';
const FORBIDDEN = '127.0.0.1';

/** How a request ended: what was answered, or why it was refused. */
type Ask = (address: string) => Promise<string>;

const refusalIn = (error: unknown): string => {
  if (error instanceof OutboundError) return error.reason;
  const { cause } = error as { cause?: unknown };
  if (cause === undefined) throw error;
  return refusalIn(cause);
};

function byFetch(guard: OutboundGuard): Ask {
  const ask = guardedFetch(guard);
  return (address) => ask(address, { method: 'POST', body: 'words' }).then((answer) => answer.text(), refusalIn);
}

function byAgent(guard: OutboundGuard): Ask {
  const agent = guardedAgent(guard, 'http:');
  return (address) =>
    new Promise((resolve, reject) => {
      const request = http.request(
        address,
        { agent, method: 'POST' },
        (answer) => void text(answer).then(resolve, reject),
      );
      request.once('error', (error) => resolve(refusalIn(error)));
      request.end('words');
    });
}

describe.each([
  ['fetch', byFetch],
  ['an agent of node:http', byAgent],
])('a client that connects itself, by %s', (kind, askBy) => {
  const servers: Server[] = [];
  let meaning: string[];
  let reached: string[];
  let port: number;
  let nameServer: Awaited<ReturnType<typeof startNameServer>>;
  let ask: Ask;

  const serve = (host: string, listener: RequestListener, at = 0) => {
    const server = createServer((request, response) => {
      reached.push(host);
      listener(request, response);
    });
    servers.push(server);
    return new Promise<number>((resolve) =>
      server.listen(at, host, () => resolve((server.address() as AddressInfo).port)),
    );
  };

  beforeEach(async () => {
    reached = [];
    meaning = [ALLOWED];
    nameServer = await startNameServer(() => meaning);
    // Not kept: each request is a connection of its own.
    port = await serve(ALLOWED, (request, response) => {
      response.setHeader('connection', 'close');
      response.end(`this is ${request.headers.host}`);
    });
    await serve(FORBIDDEN, (_, response) => void response.end('what only this machine reaches'), port);
    const guard = new OutboundGuard({
      privateNetworks: [`${ALLOWED}/32`],
      ports: 'any',
      nameServers: [nameServer.address],
    });
    ask = askBy(guard);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await nameServer.stop();
  });

  it('reaches a server where it may be, under its name', async () => {
    expect(await ask(`http://models.example:${port}/`)).toBe(`this is models.example:${port}`);
    expect(await ask(`http://${ALLOWED}:${port}/`)).toBe(`this is ${ALLOWED}:${port}`);
  });

  it('reaches nobody whose name means another network a moment later, or two at once', async () => {
    await ask(`http://models.example:${port}/`);
    meaning = [FORBIDDEN];
    expect(await ask(`http://models.example:${port}/`)).toBe('refused');
    meaning = [ALLOWED, FORBIDDEN];
    expect(await ask(`http://models.example:${port}/`)).toBe('refused');
    expect(reached).toEqual([ALLOWED]);
  });

  it.each(['127.0.0.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '10.0.0.1', '0.0.0.0'])(
    'does not reach %s, which needs no name',
    async (host) => {
      expect(await ask(`http://${host}:${port}/`)).toBe('refused');
      expect(reached).toEqual([]);
    },
  );

  it('speaks no plain http to a public address', async () => {
    meaning = ['93.184.215.14'];
    expect(await ask(`http://models.example:${port}/`)).toBe('refused');
  });

  it('is told of a name that there is not', async () => {
    meaning = undefined as never;
    expect(await ask(`http://models.example:${port}/`)).toBe('unknown_name');
  });

  if (kind === 'fetch')
    it.each([FORBIDDEN, 'elsewhere.example'])('does not follow a redirection to %s', async (host) => {
      const redirecting = await serve(ALLOWED, (_, response) => {
        meaning = [FORBIDDEN];
        response.writeHead(307, { location: `http://${host}:${port}/` }).end();
      });
      expect(await ask(`http://models.example:${redirecting}/`)).toBe('refused');
      expect(reached).toEqual([ALLOWED]);
    });
});
