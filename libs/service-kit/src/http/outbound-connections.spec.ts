import http, { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import https, { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { selfSigned } from '../../test/certificate';
import { startNameServer } from '../../test/name-server';
import { guardedAgent, guardedFetch } from './outbound-connections';
import { OutboundError, OutboundGuard } from './outbound-guard';

const ALLOWED = '127.0.0.2';
const FORBIDDEN = '127.0.0.1';

/** How a request ended: what was answered, or why it was refused. */
type Ask = (address: string) => Promise<string>;

const refusalIn = (error: unknown): string => {
  if (error instanceof OutboundError) return error.reason;
  const { cause, code } = error as { cause?: unknown; code?: string };
  if (cause !== undefined) return refusalIn(cause);
  if (code === undefined) throw error;
  return code;
};

function byFetch(guard: OutboundGuard): Ask {
  const ask = guardedFetch(guard);
  return (address) => ask(address, { method: 'POST', body: 'words' }).then((answer) => answer.text(), refusalIn);
}

function byAgent(guard: OutboundGuard): Ask {
  const agents = { 'http:': guardedAgent(guard, 'http:'), 'https:': guardedAgent(guard, 'https:') };
  return (address) =>
    new Promise((resolve, reject) => {
      const protocol = new URL(address).protocol as keyof typeof agents;
      const options = { agent: agents[protocol], method: 'POST' };
      const answered = (answer: IncomingMessage) => void text(answer).then(resolve, reject);
      const request = (protocol === 'https:' ? https : http).request(address, options, answered);
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
  let reached: number;
  let port: number;
  let nameServer: Awaited<ReturnType<typeof startNameServer>>;
  let ask: Ask;

  const serve = (listener: RequestListener) => {
    const server = createServer((request, response) => {
      reached += 1;
      listener(request, response);
    });
    servers.push(server);
    return new Promise<number>((resolve) =>
      server.listen(0, ALLOWED, () => resolve((server.address() as AddressInfo).port)),
    );
  };

  beforeEach(async () => {
    reached = 0;
    meaning = [ALLOWED];
    nameServer = await startNameServer(() => meaning);
    // Not kept: each request is a connection of its own.
    port = await serve((request, response) => {
      response.setHeader('connection', 'close');
      response.end(`this is ${request.headers.host}`);
    });
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
    expect(reached).toBe(1);
  });

  it.each(['127.0.0.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '10.0.0.1', '0.0.0.0'])(
    'does not reach %s, which needs no name',
    async (host) => {
      expect(await ask(`http://${host}:${port}/`)).toBe('refused');
      expect(reached).toBe(0);
    },
  );

  it('speaks no plain http to a public address', async () => {
    meaning = ['93.184.215.14'];
    expect(await ask(`http://models.example:${port}/`)).toBe('refused');
  });

  it('speaks https under the name, and believes no certificate of another one', async () => {
    const own = selfSigned('models.example');
    const server = createTlsServer(own, (request, response) => void response.end(`this is ${request.headers.host}`));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, ALLOWED, resolve));
    const { port: at } = server.address() as AddressInfo;
    const trusted = tls.getCACertificates('default');
    expect(await ask(`https://models.example:${at}/`)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    try {
      tls.setDefaultCACertificates([...trusted, own.cert]);
      expect(await ask(`https://models.example:${at}/`)).toBe(`this is models.example:${at}`);
      expect(await ask(`https://elsewhere.example:${at}/`)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    } finally {
      tls.setDefaultCACertificates(trusted);
    }
  });

  it('is told of a name that there is not', async () => {
    meaning = undefined as never;
    expect(await ask(`http://models.example:${port}/`)).toBe('unknown_name');
  });

  if (kind === 'fetch')
    it.each([FORBIDDEN, 'elsewhere.example'])('does not follow a redirection to %s', async (host) => {
      const redirecting = await serve((_, response) => {
        meaning = [FORBIDDEN];
        response.writeHead(307, { location: `http://${host}:${port}/` }).end();
      });
      expect(await ask(`http://models.example:${redirecting}/`)).toBe('refused');
      expect(reached).toBe(1);
    });
});
