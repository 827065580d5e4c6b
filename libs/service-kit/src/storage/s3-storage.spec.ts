import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import S3rver from 's3rver';
import { storageContract } from '../../test/storage.contract';
import { createStorage } from './create-storage';
import { StorageFull, StorageUnavailable } from './media-storage';

const folder = mkdtempSync(join(tmpdir(), 'bucket-'));
const s3 = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: folder,
  configureBuckets: [{ name: 'media' }],
});
const voice = { contentType: 'audio/ogg' };
let endpoint: string;

beforeAll(async () => {
  const { port } = await s3.run();
  endpoint = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await s3.close();
  rmSync(folder, { recursive: true });
});

// The key pair is the one this test server knows; it looks up the key but does not check the newer kind of signature.
const aStorage = (
  rest: { endpoint?: string; bucket?: string; prefix?: string; accessKeyId?: string; deadlineMs?: number } = {},
) =>
  createStorage({
    kind: 's3',
    endpoint,
    region: 'us-east-1',
    bucket: 'media',
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    forcePathStyle: true,
    ...rest,
  });

describe('files in an S3-compatible bucket', () => {
  storageContract(() => aStorage({ prefix: 'tts-worker/' }));

  it('the prefix keeps services apart in one bucket', async () => {
    await aStorage({ prefix: 'one/' }).put('a', Buffer.from('x'), voice);
    expect(await aStorage({ prefix: 'two/' }).exists('a')).toBe(false);
    expect(await aStorage().exists('one/a')).toBe(true);
  });

  it('a wrong key is an error and not a missing file', async () => {
    const storage = aStorage({ accessKeyId: 'stranger' });
    await expect(storage.put('a', Buffer.from('x'), voice)).rejects.toThrow('does not exist in our records');
    await expect(storage.open('a')).rejects.toThrow('does not exist in our records');
  });

  it('a bucket that does not exist is an error and not a missing file', async () => {
    await expect(aStorage({ bucket: 'nowhere' }).open('a')).rejects.toThrow('bucket');
    await expect(aStorage({ bucket: 'nowhere' }).put('a', Buffer.from('x'), voice)).rejects.toThrow('bucket');
    await expect(aStorage({ bucket: 'nowhere' }).exists('a')).rejects.toThrow('there is no bucket nowhere');
    expect(await aStorage({ bucket: 'nowhere' }).problems()).toEqual(['there is no bucket nowhere']);
    expect(await aStorage().problems()).toEqual([]);
  });

  it('a file of many times 16 MiB comes back as it was sent', async () => {
    const part = randomBytes(1_000_000);
    const sent = createHash('sha256');
    function* pieces() {
      for (let i = 0; i < 100; i++) {
        sent.update(part);
        yield part;
      }
    }
    expect(await aStorage().put('large', Readable.from(pieces()), voice)).toEqual({ bytes: 100_000_000 });
    const { body, bytes, contentType } = (await aStorage().open('large'))!;
    const got = createHash('sha256');
    for await (const chunk of body) got.update(chunk as Buffer);
    expect({ bytes, contentType, hash: got.digest('hex') }).toEqual({
      bytes: 100_000_000,
      contentType: 'audio/ogg',
      hash: sent.digest('hex'),
    });
  });

  it('a buffer of just one part, and of a byte more, comes back as it was put', async () => {
    for (const length of [16 * 1024 * 1024, 16 * 1024 * 1024 + 1]) {
      const body = randomBytes(length);
      expect(await aStorage().put('edge', body, voice)).toEqual({ bytes: length });
      expect((await buffer((await aStorage().open('edge'))!.body)).equals(body)).toBe(true);
    }
  });
});

describe('a bucket in trouble', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function answering(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const failing = (status: number, code: string) =>
    answering((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(status, { 'content-type': 'application/xml' });
        response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
      });
    });

  /** A bucket that holds the parts of two files that were never finished, of which one is a day old. */
  async function withUploads(): Promise<{ endpoint: string; asked: string[] }> {
    const asked: string[] = [];
    const upload = (name: string, hoursAgo: number) =>
      `<Upload><Key>${name}</Key><UploadId>${name}</UploadId><Initiated>${new Date(Date.now() - hoursAgo * 3_600_000).toISOString()}</Initiated></Upload>`;
    const endpoint = await answering((request, response) => {
      const { method, url } = request;
      asked.push(`${method} ${url}`);
      request.resume().on('end', () => {
        response.writeHead(method === 'DELETE' ? 204 : 200, { 'content-type': 'application/xml', etag: '"x"' });
        if (method === 'POST')
          response.end(`<InitiateMultipartUploadResult><UploadId>new</UploadId></InitiateMultipartUploadResult>`);
        else if (method === 'GET')
          response.end(
            `<ListMultipartUploadsResult>${upload('old', 25)}${upload('young', 23)}</ListMultipartUploadsResult>`,
          );
        else response.end();
      });
    });
    return { endpoint, asked };
  }

  it('keeps no part of a large file that breaks off', async () => {
    const { endpoint, asked } = await withUploads();
    async function* broken() {
      for (let i = 0; i < 40; i++) yield Buffer.alloc(1_000_000);
      await Promise.resolve();
      throw new Error('the sender hung up');
    }
    const put = aStorage({ endpoint }).put('a', Readable.from(broken()), voice);
    await expect(put).rejects.toThrow('the sender hung up');
    expect(asked.map((request) => request.replace(/[?&]x-id=\w+/, ''))).toEqual([
      'POST /media/a?uploads=',
      'PUT /media/a?partNumber=1&uploadId=new',
      'PUT /media/a?partNumber=2&uploadId=new',
      'DELETE /media/a?uploadId=new',
    ]);
  });

  it('is freed of the parts that killed processes have left in it a day ago', async () => {
    const { endpoint, asked } = await withUploads();
    await aStorage({ endpoint }).removeAbandoned();
    expect(asked.filter((request) => request.startsWith('DELETE'))).toEqual([expect.stringContaining('uploadId=old')]);
    await aStorage({ endpoint: await failing(501, 'NotImplemented') }).removeAbandoned();
  });

  it('that we may not list is used nevertheless, and says which permissions are missing', async () => {
    const storage = aStorage({ endpoint: await failing(403, 'AccessDenied') });
    await storage.removeAbandoned();
    expect(await storage.problems()).toEqual([
      'the bucket does not grant s3:ListBucket: files that are missing cannot be told from those that may not be read',
      'the bucket does not grant s3:ListBucketMultipartUploads: parts of files that were never finished stay, and are paid for',
    ]);
    await expect(storage.exists('a')).rejects.toThrow();
    const without = aStorage({ endpoint: await failing(501, 'NotImplemented') });
    expect(await without.problems()).toEqual([]);
  });

  it.each([
    [400, 'RequestTimeout'],
    [409, 'OperationAborted'],
    [429, 'TooManyRequests'],
  ])('that answers %i %s may be asked later', async (status, code) => {
    const storage = aStorage({ endpoint: await failing(status, code) });
    await expect(storage.put('a', Buffer.from('x'), voice)).rejects.toThrow(StorageUnavailable);
  });

  it('that is full says so', async () => {
    const storage = aStorage({ endpoint: await failing(507, 'XMinioStorageFull') });
    await expect(storage.put('a', Buffer.from('x'), voice)).rejects.toThrow(StorageFull);
  });

  it('that answers 503 may be asked later', async () => {
    const storage = aStorage({ endpoint: await failing(503, 'SlowDown') });
    await expect(storage.put('a', Buffer.from('x'), voice)).rejects.toThrow(StorageUnavailable);
  });

  it('that cannot be reached may be asked later', async () => {
    const gone = await answering(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    await expect(aStorage({ endpoint: gone }).exists('a')).rejects.toThrow(StorageUnavailable);
  });

  it('that does not answer is given up at the deadline', async () => {
    const storage = aStorage({ endpoint: await answering(() => undefined), deadlineMs: 300 });
    await expect(storage.open('a')).rejects.toThrow('within 300 ms');
    await expect(storage.put('a', Buffer.from('x'), voice)).rejects.toThrow(StorageUnavailable);
  });

  it('may take longer than the deadline over a body as long as bytes keep coming', async () => {
    const slow = await answering((_, response) => {
      response.writeHead(200, { 'content-length': '6', 'content-type': 'audio/ogg' });
      let sent = 0;
      const drip = setInterval(() => {
        response.write('x');
        if ((sent += 1) === 6) response.end(() => clearInterval(drip));
      }, 100);
    });
    const file = await aStorage({ endpoint: slow, deadlineMs: 300 }).open('a');
    expect(String(await buffer(file!.body))).toBe('xxxxxx');
  });

  it('that stalls in the middle of a body breaks the reading off', async () => {
    const stalled = await answering(
      (_, response) => void response.writeHead(200, { 'content-length': '9' }).write('x'),
    );
    const file = await aStorage({ endpoint: stalled, deadlineMs: 300 }).open('a');
    await expect(buffer(file!.body)).rejects.toThrow();
  });
});

describe('a configuration of storage', () => {
  it.each([
    [{ kind: 'tape' }, 'kind'],
    [{ kind: 'disk', folder: '' }, 'folder'],
    [
      { kind: 's3', bucket: 'b', region: 'r', accessKeyId: 'a', secretAccessKey: '', forcePathStyle: true },
      'secretAccessKey',
    ],
  ])('%j is refused with what is wrong', (config, field) => {
    expect(() => createStorage(config as Parameters<typeof createStorage>[0])).toThrow(field);
  });

  it('a folder gives files on disk', async () => {
    const storage = createStorage({ kind: 'disk', folder: join(folder, 'disk') });
    const body = randomBytes(10);
    await storage.put('a', body, voice);
    expect((await buffer((await storage.open('a'))!.body)).equals(body)).toBe(true);
  });
});
