import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { until } from '@switchboard/testing';
import { selfSigned } from '../../test/certificate';
import { type NameServer, startNameServer } from '../../test/name-server';
import {
  isPublicAddress,
  networkList,
  type OutboundError,
  OutboundGuard,
  type OutboundRequest,
} from './outbound-guard';

const LIMITS: OutboundRequest = { timeoutMs: 10_000, maxBytes: 1000 };
const HERE = ['127.0.0.0/8'];
/** Nothing listens there, and nothing ever will: `isPublicAddress` takes it for any other address. */
const PUBLIC = '93.184.215.14';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const serve = async (listener: RequestListener) => `http://127.0.0.1:${await listening(createServer(listener))}`;
const answering = (text: string) => serve((_, response) => void response.end(text));

const reasonOf = async (work: Promise<unknown> | (() => unknown)) => {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    return (error as OutboundError).reason;
  }
  return 'none';
};

describe('an address that somebody gives', () => {
  const guard = new OutboundGuard();

  it.each(
    // As browsers write them all: https://url.spec.whatwg.org/#concept-ipv4-parser
    `127.0.0.1 127.1 127.255.255.254 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 0 0.0.0.0 10.0.0.1 012.1
     10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.65535 3232235521 169.254.169.254 2852039166 0xa9fea9fe
     0251.0376.0251.0376 169.254.43518 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 192.0.2.1 192.88.99.1
     198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 １２７.0.0.1
     127。0。0。1 ①②⑦.0.0.1 127.0.0.1. [::] [::1] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:169.254.169.254]
     [::ffff:8.8.8.8] [::ffff:0:127.0.0.1] [fe80::1] [fec0::1] [fc00::1] [fd00:ec2::254] [ff02::1] [2002:7f00:1::] [2001::1]
     [2001:db8::1] [3fff::1] [5f00::1] [64:ff9b::10.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::8.8.8.8] [100::1]`.split(
      /\s+/,
    ),
  )('may not be %s', async (host) => {
    expect(await reasonOf(() => guard.check(`https://${host}/hook`))).toBe('refused');
  });

  it.each([
    ['http://example.com/', 'plain HTTP'],
    ['https://example.com:22/', 'another port'],
    ['https://example.com:6379/', 'another port'],
    ['ftp://example.com/', 'another protocol'],
    ['file:///etc/passwd', 'another protocol'],
    ['https://user@example.com/', 'a name'],
    ['https://:secret@example.com/', 'a password'],
    ['https://', 'no host'],
    ['example.com/hook', 'no address at all'],
  ])('may not be %s: %s', async (address) => {
    expect(await reasonOf(() => guard.check(address))).toBe('refused');
  });

  it.each([
    ['https://example.com', 'https://example.com/'],
    ['https://EXAMPLE.com:8443/hook?a=1#top', 'https://example.com:8443/hook?a=1'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/'],
    ['https://[64:ff9b::808:808]/', 'https://[64:ff9b::808:808]/'],
  ])('may be %s', (address, written) => {
    expect(guard.check(address).href).toBe(written);
  });

  it('may not be one of our own names, or anything below it', async () => {
    const guard = new OutboundGuard({ refusedHosts: ['switchboard.example'] });
    for (const host of ['switchboard.example', 'SWITCHBOARD.example.', 'api.switchboard.example'])
      expect(await reasonOf(() => guard.check(`https://${host}/`))).toBe('refused');
    expect(guard.check('https://not-switchboard.example/').hostname).toBe('not-switchboard.example');
  });

  it('is judged by its numbers only', () => {
    expect(['8.8.8.8', '2606:4700::1111', '64:ff9b::8.8.8.8'].map(isPublicAddress)).toEqual([true, true, true]);
    expect(['localhost', '', '1.2.3', '64:ff9b::127.0.0.1'].map(isPublicAddress)).toEqual([false, false, false, false]);
  });
});

describe('networks of the operator', () => {
  it('are reached, at any port and by plain HTTP', async () => {
    const address = await answering('here');
    const answer = await new OutboundGuard({ privateNetworks: HERE }).request(address, LIMITS);
    expect(answer).toMatchObject({ status: 200, isWhole: true, url: `${address}/` });
    expect(String(answer.body)).toBe('here');
    expect(await reasonOf(new OutboundGuard().request(address, LIMITS))).toBe('refused');
    expect(await reasonOf(new OutboundGuard({ privateNetworks: ['10.0.0.0/8'] }).request(address, LIMITS))).toBe(
      'refused',
    );
  });

  it('are a list that says what is wrong with it', () => {
    expect(networkList().parse('10.0.0.0/8, fd00::/8,')).toEqual(['10.0.0.0/8', 'fd00::/8']);
    expect(networkList().parse(undefined)).toEqual([]);
    for (const wrong of ['10.0.0.0', '10.0.0.0/40', '300.0.0.0/8', 'intranet/8', '::/200'])
      expect(() => networkList().parse(wrong)).toThrow('is not a list of networks');
  });
});

describe('a name', () => {
  let names: NameServer | undefined;
  afterEach(() => names?.stop());

  const guardAsking = async (answer: (name: string) => string[] | undefined, privateNetworks: string[] = []) => {
    names = await startNameServer(answer);
    return new OutboundGuard({ nameServers: [names.address], privateNetworks });
  };

  it.each([['10.0.0.1'], ['127.0.0.1'], ['169.254.169.254']])('that means %s is refused', async (address) => {
    const guard = await guardAsking(() => [address]);
    expect(await reasonOf(guard.lookUp('https://hooks.example/', LIMITS))).toBe('refused');
    expect(await reasonOf(guard.request('https://hooks.example/', LIMITS))).toBe('refused');
  });

  it('that means a public and a private address is refused', async () => {
    const guard = await guardAsking(() => [PUBLIC, '10.0.0.1']);
    expect(await reasonOf(guard.request('https://hooks.example/', LIMITS))).toBe('refused');
  });

  it('that was public when it was registered and is private now is refused, and nobody is connected to', async () => {
    let connections = 0;
    const port = await listening(createServer().on('connection', () => connections++));
    const meanings = [[PUBLIC], ['127.0.0.1']];
    const guard = await guardAsking(() => meanings[Math.min(names!.asked.length, 2) - 1]);
    const address = `https://hooks.example:8443/`;
    expect((await guard.lookUp(address, LIMITS)).href).toBe(address);
    expect(await reasonOf(guard.request(address, LIMITS))).toBe('refused');
    expect(await reasonOf(guard.request(`http://hooks.example:${port}/`, LIMITS))).toBe('refused');
    expect(connections).toBe(0);
  });

  it('is looked up once for a request: what it would mean a moment later is never connected to', async () => {
    const { port } = new URL(await answering('the checked one'));
    const guard = await guardAsking(() => (names!.asked.length <= 1 ? ['127.0.0.1'] : ['10.255.255.1']), HERE);
    const { body } = await guard.request(`http://hooks.example:${port}/`, LIMITS);
    expect(String(body)).toBe('the checked one');
    expect(names!.asked).toEqual(['hooks.example']);
  });

  it('that does not exist is told apart from a name server that is silent', async () => {
    const guard = await guardAsking(() => undefined);
    expect(await reasonOf(guard.request('https://nobody.example/', LIMITS))).toBe('unknown_name');
    const silent = new OutboundGuard({ nameServers: ['127.0.0.1:9'] });
    expect(await reasonOf(silent.request('https://nobody.example/', LIMITS))).toBe('unreachable');
  });

  it('is what the certificate has to be of, and what is asked for', async () => {
    const seen: unknown[] = [];
    const own = selfSigned('hooks.example');
    const port = await listening(
      createTlsServer(own, ({ socket, headers }, response) => {
        seen.push([(socket as TLSSocket & { servername?: string }).servername, headers.host]);
        response.end('secret');
      }),
    );
    const guard = await guardAsking(() => ['127.0.0.1'], HERE);
    const ask = (host: string) => guard.request(`https://${host}:${port}/`, LIMITS);
    const trusted = tls.getCACertificates('default');
    expect(await reasonOf(ask('hooks.example'))).toBe('bad_certificate');
    try {
      tls.setDefaultCACertificates([...trusted, own.cert]);
      expect(String((await ask('hooks.example')).body)).toBe('secret');
      expect(await reasonOf(ask('other.example'))).toBe('bad_certificate');
    } finally {
      tls.setDefaultCACertificates(trusted);
    }
    expect(seen).toEqual([['hooks.example', `hooks.example:${port}`]]);
  });
});

describe('a redirection', () => {
  const guard = new OutboundGuard({ privateNetworks: HERE });
  const redirecting = (location: string) => serve((_, response) => void response.writeHead(302, { location }).end());

  it('is an answer like any other, unless it is to be followed', async () => {
    const address = await redirecting(await answering('behind it'));
    expect(await guard.request(address, LIMITS)).toMatchObject({ status: 302, url: `${address}/` });
    expect(String((await guard.request(address, { ...LIMITS, redirects: 1 })).body)).toBe('behind it');
    expect(await guard.request(address, { ...LIMITS, method: 'POST', redirects: 1 })).toMatchObject({ status: 302 });
  });

  it('leads no further than a first address might', async () => {
    for (const location of ['http://169.254.169.254/', 'http://10.0.0.1/', 'file:///etc/passwd', 'gopher://127.0.0.1/'])
      expect(await reasonOf(guard.request(await redirecting(location), { ...LIMITS, redirects: 3 }))).toBe('refused');
  });

  it('is followed so many times and no more', async () => {
    const address = await redirecting('/again');
    expect(await guard.request(address, { ...LIMITS, redirects: 4 })).toMatchObject({
      status: 302,
      url: `${address}/again`,
    });
  });
});

describe('an answer', () => {
  const guard = new OutboundGuard({ privateNetworks: HERE });

  it('is cut off where it becomes too long', async () => {
    let sent = 0;
    const address = await serve((_, response) => {
      const more = () => {
        while (response.writable && response.write('x'.repeat(1000))) sent += 1000;
      };
      response.on('drain', more);
      more();
    });
    const { body, isWhole } = await guard.request(address, LIMITS);
    expect({ length: body.length, isWhole }).toEqual({ length: 1000, isWhole: false });
    expect(sent).toBeLessThan(10_000_000);
  });

  it.each([
    ['never begins', () => undefined],
    ['never ends', (response: Parameters<RequestListener>[1]) => void response.writeHead(200).write('x')],
  ])('that %s is given up', async (_, answer) => {
    let closed = false;
    const address = await serve((request, response) => {
      request.on('close', () => (closed = true));
      answer(response);
    });
    expect(await reasonOf(guard.request(address, { ...LIMITS, timeoutMs: 200 }))).toBe('timed_out');
    await until(() => closed, { what: 'the connection to end' });
  });

  it('that breaks off, or never comes, has its reason', async () => {
    const address = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '9' }).write('x', () => response.destroy());
    });
    expect(await reasonOf(guard.request(address, LIMITS))).toBe('broken_off');
    const [server] = servers.splice(0);
    server!.closeAllConnections();
    await new Promise((resolve) => server!.close(resolve));
    expect(await reasonOf(guard.request(address, LIMITS))).toBe('unreachable');
  });

  it('in another protocol is an answer that broke off: it is neither spoken nor waited for', async () => {
    let closed = false;
    const address = await serve((request, response) => {
      request.socket.on('close', () => (closed = true));
      response.writeHead(101, { connection: 'Upgrade', upgrade: 'websocket' }).end();
    });
    expect(await reasonOf(guard.request(address, LIMITS))).toBe('broken_off');
    await until(() => closed, { what: 'the connection to end' });
  });

  it('that nobody waits for any more is not waited for', async () => {
    const cancel = new AbortController();
    const address = await serve(() => cancel.abort(new Error('enough')));
    await expect(guard.request(address, { ...LIMITS, signal: cancel.signal })).rejects.toThrow('enough');
    await expect(guard.request(address, { ...LIMITS, signal: cancel.signal })).rejects.toThrow('enough');
  });

  it('is asked for with method, headers and body as they are', async () => {
    const address = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => response.end(JSON.stringify([request.method, request.headers['x-test'], body])));
    });
    const request = { ...LIMITS, method: 'POST', headers: { 'x-test': 'yes' }, body: 'жираф' } as const;
    expect(JSON.parse(String((await guard.request(address, request)).body))).toEqual(['POST', 'yes', 'жираф']);
  });
});
