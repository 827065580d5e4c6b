import { ResiliencePolicy } from '@switchboard/service-kit';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { Registry } from 'prom-client';
import { isPanelOutage, PanelUnavailable } from './panel';
import { PanelHttp, PanelSession } from './panel-http';

const SIGNAL = new AbortController().signal;

describe('a panel that is asked over HTTP', () => {
  let server: Server;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer((req, res) => {
      asked.push(`${req.method} ${req.headers.host?.split(':')[0]} ${req.url}`);
      res.end('{}');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const httpWith = (lookup: LookupFunction) => {
    const registry = new Registry();
    const policy = new ResiliencePolicy({
      name: 'panel',
      registry,
      timeoutMs: 2000,
      retries: 0,
      isOutage: isPanelOutage,
    });
    const url = `http://panel.example:${(server.address() as AddressInfo).port}/base/`;
    return new PanelHttp({ serverId: 'id', url, settings: {}, secret: () => undefined, policy, lookup });
  };

  it('is connected to where its name leads by the given lookup', async () => {
    const http = httpWith((_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]));
    expect(await http.ask('read', { path: '/api' }, SIGNAL)).toMatchObject({ status: 200, body: {} });
    expect(asked).toEqual(['GET panel.example /base/api']);
  });

  it('is not connected to where the lookup does not let it', async () => {
    const refusal = Object.assign(new Error('a private address'), { code: 'EREFUSED' });
    const http = httpWith((_name, _options, done) => done(refusal, []));
    await expect(http.ask('read', { path: '/api' }, SIGNAL)).rejects.toMatchObject({
      ...{ name: 'PanelUnavailable', trouble: 'unreachable', message: 'the panel was not reached (EREFUSED)' },
    });
    expect(asked).toEqual([]);
  });
});

describe('a session', () => {
  it('is begun once for all who ask, though one of them gives up', async () => {
    let begun = 0;
    let open: (session: string) => void = () => undefined;
    const session = new PanelSession(() => {
      begun += 1;
      return new Promise<string>((resolve) => (open = resolve));
    });
    const impatient = new AbortController();
    const gone = session.use((given) => Promise.resolve(given), impatient.signal);
    const waiting = session.use((given) => Promise.resolve(given), SIGNAL);
    impatient.abort(new Error('no time'));
    await expect(gone).rejects.toThrow('no time');
    open('token');
    expect([await waiting, begun]).toEqual(['token', 1]);
  });

  it('is begun anew after a failure that says nothing about the account', async () => {
    let begun = 0;
    const session = new PanelSession(() =>
      ++begun === 1 ? Promise.reject(new PanelUnavailable('failed', '500')) : Promise.resolve('token'),
    );
    await expect(session.use((given) => Promise.resolve(given), SIGNAL)).rejects.toThrow('500');
    expect(await session.use((given) => Promise.resolve(given), SIGNAL)).toBe('token');
  });

  it('that is refused at once is not begun over and over', async () => {
    let begun = 0;
    const session = new PanelSession(() => Promise.resolve(`token-${++begun}`));
    for (let time = 0; time < 3; time += 1)
      await expect(session.use(() => Promise.resolve(undefined), SIGNAL)).rejects.toMatchObject({
        trouble: 'unauthorized',
      });
    expect(begun).toBe(2);
  });
});
