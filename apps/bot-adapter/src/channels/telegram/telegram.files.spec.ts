import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { BotServers } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { FileGone, FileTooLarge } from '../channel-errors';
import { TelegramApi } from './telegram.api';
import { TelegramChannel } from './telegram.channel';

const MB = 1_000_000;

describe('files of a Bot API server', () => {
  let server: Server;
  let channel: TelegramChannel;
  let filePath: string;
  let fileServer: RequestListener;
  let make: (operators: readonly string[]) => TelegramChannel;

  beforeEach(async () => {
    filePath = 'documents/file_1.pdf';
    server = createServer((request, response) => {
      if (request.url!.startsWith('/file/')) return void fileServer(request, response);
      const result = request.url!.endsWith('/getFile') ? { file_path: filePath } : { message_id: 5 };
      request.resume().on('end', () => response.end(JSON.stringify({ ok: true, result })));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const apiRoot = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    make = (operators) => {
      const api = new TelegramApi({
        token: '1:x',
        apiRoot,
        servers: new BotServers({ NODE_ENV: 'test' }, operators),
        registry: new Registry(),
        sendTimeoutMs: 1000,
        maxOwnServerBytes: 25 * MB,
      });
      return new TelegramChannel(api, { botId: 'lumen', webhookSecret: 'secret', rates: {} as never });
    };
    channel = make([apiRoot]);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const read = async () => buffer(await channel.fetchFile('f'));
  const send = () => channel.send({ externalId: '7' }, { text: 'hi', entities: [] });
  const times = (n: number, work: () => Promise<unknown>) => Promise.allSettled(Array.from({ length: n }, work));

  it('of ones own may be larger than those of the public one', async () => {
    fileServer = (_request, response) => response.end(Buffer.alloc(22 * MB));
    expect((await read()).length).toBe(22 * MB);
    expect(channel.capabilities.maxFileBytes).toBe(25 * MB);
  });

  it('that turn out too large are not read to their end', async () => {
    fileServer = (_request, response) => response.end(Buffer.alloc(26 * MB));
    await expect(read()).rejects.toBeInstanceOf(FileTooLarge);
  });

  it('that are gone say nothing about Telegram: others are still fetched, and messages sent', async () => {
    fileServer = (_request, response) => void response.writeHead(404).end();
    const outcomes = await times(15, read);
    expect(
      outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason instanceof FileGone),
    ).not.toContain(false);
    await send();
    fileServer = (_request, response) => response.end('here');
    expect(String(await read())).toBe('here');
  });

  it('that cannot be had keep no message back', async () => {
    fileServer = (_request, response) => void response.writeHead(500).end();
    await times(6, read);
    await expect(read()).rejects.toThrow();
    await expect(send()).resolves.toEqual({ externalMessageId: '5' });
  });

  it('are not read from this disk for a server that only a bot names', async () => {
    channel = make([]);
    const folder = mkdtempSync(join(tmpdir(), 'bot-api-'));
    filePath = join(folder, 'secret');
    writeFileSync(filePath, 'of this machine');
    await expect(read()).rejects.toBeInstanceOf(FileGone);
    rmSync(folder, { recursive: true });
  });

  it('in local mode are read from its disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bot-api-'));
    filePath = join(folder, 'file_1.pdf');
    fileServer = (_request, response) => void response.writeHead(404).end();
    writeFileSync(filePath, 'from the disk');
    expect(String(await read())).toBe('from the disk');
    rmSync(folder, { recursive: true });
    await expect(read()).rejects.toThrow(/mount the folder/);
  });
});
