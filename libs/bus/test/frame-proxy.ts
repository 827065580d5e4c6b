import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { brokerUrl } from './broker';

/** Class and method of an AMQP frame, as in "20.40" for channel.close. Source: AMQP 0-9-1, section 1.2. */
export type Method = `${number}.${number}`;
export const CHANNEL_CLOSE: Method = '20.40';

const PROTOCOL_HEADER_BYTES = 8;
const FRAME_HEADER_BYTES = 7;
const METHOD_FRAME = 1;

/** Stands between a client and the broker, and ends the connection at a method that the client sends, or all connections at once. */
export class FrameProxy {
  private readonly sockets = new Set<Socket>();
  private cutAt: Method | undefined;

  private readonly server = createServer((near) => {
    const { hostname, port } = new URL(brokerUrl());
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined); // followed by "close"
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    far.pipe(near);
    let buffered = Buffer.alloc(0);
    let begun = false;
    near.on('data', (bytes) => {
      buffered = Buffer.concat([buffered, bytes]);
      for (;;) {
        const size = begun ? frameSize(buffered) : PROTOCOL_HEADER_BYTES;
        if (buffered.length < size) return;
        const frame = buffered.subarray(0, size);
        buffered = buffered.subarray(size);
        if (begun && this.cutAt && methodOf(frame) === this.cutAt) {
          this.cutAt = undefined;
          return void near.destroy();
        }
        begun = true;
        far.write(frame);
      }
    });
  });

  static async open(): Promise<FrameProxy> {
    const proxy = new FrameProxy();
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    const url = new URL(brokerUrl());
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** Ends the connection that says `method` next, before the broker hears of it. */
  cutOnceAt(method: Method): void {
    this.cutAt = method;
  }

  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  close(): void {
    this.cutAll();
    this.server.close();
  }
}

/** Infinity while not even the header has come. */
const frameSize = (bytes: Buffer) =>
  bytes.length < FRAME_HEADER_BYTES ? Infinity : FRAME_HEADER_BYTES + bytes.readUInt32BE(3) + 1;

const methodOf = (frame: Buffer): Method | undefined =>
  frame[0] === METHOD_FRAME ? `${frame.readUInt16BE(7)}.${frame.readUInt16BE(9)}` : undefined;
