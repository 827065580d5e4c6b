import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What becomes of what is sent: it passes, its connection is cut, or it is lost without either end being told. */
type Network = 'open' | 'cut' | 'blackhole';

/** Stands between a service and a server, so that a test can take the network away and give it back. */
export class TcpProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private network: Network;

  private constructor(
    private readonly target: { host: string; port: number },
    startsOpen: boolean,
  ) {
    this.network = startsOpen ? 'open' : 'cut';
    this.server = createServer((near) => this.join(near));
  }

  /** @param url of the real server; the result's `url` leads through the proxy */
  static async to(url: string, { open = true } = {}): Promise<TcpProxy & { url: string }> {
    const target = new URL(url);
    const proxy = new TcpProxy({ host: target.hostname, port: Number(target.port) }, open);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    target.hostname = '127.0.0.1';
    target.port = String((proxy.server.address() as AddressInfo).port);
    return Object.assign(proxy, { url: target.href });
  }

  /** Ends every connection and refuses new ones. */
  cut(): void {
    this.network = 'cut';
    for (const socket of this.sockets) socket.destroy();
  }

  /**
   * Loses all that is sent from now on, in both directions, as a network does that drops packets: connections stay open, the end of
   * one is not told to the other, and new ones get no answer.
   */
  blackhole(): void {
    this.network = 'blackhole';
    for (const socket of this.sockets) lose(socket);
  }

  /** Lets new connections through. What was lost stays lost, and so do its connections. */
  restore(): void {
    this.network = 'open';
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    this.keep(near);
    if (this.network === 'cut') return void near.destroy();
    if (this.network === 'blackhole') return lose(near);
    const far = connect(this.target);
    this.keep(far);
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => this.network !== 'blackhole' && far.destroy());
    far.on('close', () => this.network !== 'blackhole' && near.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined); // followed by "close"
    socket.on('close', () => this.sockets.delete(socket));
  }
}

function lose(socket: Socket): void {
  socket.unpipe();
  socket.resume();
}
