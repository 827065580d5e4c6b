import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a service and a server, so that a test can take the network away and give it back. */
export class TcpProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private open = true;

  private constructor(
    private readonly target: { host: string; port: number },
    startsOpen: boolean,
  ) {
    this.open = startsOpen;
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
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  restore(): void {
    this.open = true;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    if (!this.open) return void near.destroy();
    const far = connect(this.target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => undefined); // followed by "close"
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
