import { createSocket } from 'node:dgram';

export interface NameServer {
  /** `address:port` */
  readonly address: string;
  /** Names that were asked for addresses of IPv4. */
  readonly asked: string[];
  stop(): Promise<void>;
}

const A = 1;
const NO_SUCH_NAME = 3;

/** A name server that knows no IPv6. @param answer addresses of IPv4, or undefined where there is no such name */
export async function startNameServer(answer: (name: string) => string[] | undefined): Promise<NameServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4', (question, { port, address }) => {
    const { name, type, end } = readQuestion(question);
    if (type === A) asked.push(name);
    const found = answer(name);
    const records = type === A ? (found ?? []) : [];
    const head = Buffer.alloc(12);
    question.copy(head, 0, 0, 2); // its id
    head.writeUInt16BE(0x8180 | (found ? 0 : NO_SUCH_NAME), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, question.subarray(12, end), ...records.map(recordOf)]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Source: RFC 1035 §4.1.2. */
function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** Of the name in the question, of the class IN, to be kept for no time at all. */
const recordOf = (address: string) =>
  Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
