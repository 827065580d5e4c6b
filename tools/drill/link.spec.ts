import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Link } from './link.mts';

describe('the line between a process and a server', () => {
  let server: Server;
  let link: Link;
  let sockets: Socket[];

  /** Opens a connection and returns it with the server's end of it. */
  const open = async () => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const near = connect(link.port, '127.0.0.1');
    near.on('error', () => undefined);
    const [far] = await accepted;
    sockets.push(near, far);
    return { near, far };
  };
  const said = async (socket: Socket) => String((await once(socket, 'data'))[0]);

  beforeEach(async () => {
    sockets = [];
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    link = await Link.to(() => (server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await link.close();
    server.close();
  });

  it('carries bytes both ways', async () => {
    const { near, far } = await open();
    near.write('question');
    expect(await said(far)).toBe('question');
    far.write('answer');
    expect(await said(near)).toBe('answer');
  });

  it('stalls one direction while the other goes on, and then delivers what waited', async () => {
    const { near, far } = await open();
    link.stall('down');
    far.write('late answer');
    near.write('question');
    expect(await said(far)).toBe('question');
    const answer = said(near);
    link.heal();
    expect(await answer).toBe('late answer');
  });

  it('ends connections and refuses new ones while it is cut', async () => {
    const { near } = await open();
    link.cut();
    await once(near, 'close');
    const refused = connect(link.port, '127.0.0.1');
    refused.on('error', () => undefined);
    await once(refused, 'close');
    link.heal();
    const { near: again, far } = await open();
    again.write('hello');
    expect(await said(far)).toBe('hello');
  });

  it('keeps a forgotten connection open and silent, while new ones work', async () => {
    const forgotten = await open();
    let heard = '';
    forgotten.far.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    link.forget();
    link.heal();
    forgotten.near.write('is anybody there?');
    const { near, far } = await open();
    near.write('hello');
    expect(await said(far)).toBe('hello');
    expect(heard).toBe('');
    expect(forgotten.near.destroyed).toBe(false);
  });

  it('lets the server see an end that the process does not hear of before the line heals', async () => {
    const { near, far } = await open();
    link.stall('down');
    link.endAtServer();
    await once(far, 'close');
    expect(near.destroyed).toBe(false);
    const ended = once(near, 'close');
    link.heal();
    await ended;
  });
});
