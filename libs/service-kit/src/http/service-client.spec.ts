import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { ExportNotes, FollowNotes, ImportNotes, notesApp, pause, ReadNote, WriteNote } from '../../test/notes.app';
import { DownloadTooLarge, isProblem, ServiceClient, UpstreamHttpError } from './service-client';
import { generateIdentityKeys, ServiceIdentity } from './service-identity';

describe('a call of another service', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(notesApp);
  });
  afterAll(() => app.stop());

  const write = (text: string) => app.gateway.call(WriteNote, { body: { text }, idempotencyKey: uuidv7() });

  it('is answered with what the route promises, times as times', async () => {
    const { noteId } = await write('Buy milk');
    const note = await app.gateway.call(ReadNote, { params: { noteId } });
    expect(note).toEqual({ noteId, text: 'Buy milk', revision: 1, writtenAt: app.clock.now() });
    expect(note.writtenAt).toBeInstanceOf(Date);
  });

  it('ends with a problem that is asked for by its code', async () => {
    const error = await app.gateway.call(ReadNote, { params: { noteId: uuidv7() } }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UpstreamHttpError);
    expect(isProblem(error, ReadNote, 'notes.note_not_found')).toBe(true);
    expect(isProblem(error, WriteNote, 'notes.forbidden_word')).toBe(false);
    expect((error as UpstreamHttpError).message).toBe('notes.notes.read was answered with 404 notes.note_not_found');
  });

  describe('that uploads', () => {
    const file = (body: Readable | Uint8Array, fileName = 'list.txt', contentType = 'text/plain') => ({
      fields: { source: 'desk' },
      file: { body, fileName, contentType },
    });
    const send = (body: ReturnType<typeof file>) => app.gateway.call(ImportNotes, { body });

    it.each([
      ['bytes', (bytes: Buffer) => bytes],
      ['a stream', (bytes: Buffer) => Readable.from([bytes.subarray(0, 10), bytes.subarray(10)])],
    ])('%s brings them as they are', async (_, as) => {
      const bytes = randomBytes(90_000);
      const name = 'Список "покупок".txt';
      expect(await send(file(as(bytes), name))).toEqual({ source: 'desk', fileName: name, bytes: 90_000 });
      expect(pause.imported!.equals(bytes)).toBe(true);
    });

    it.each([
      ['more than is taken', file(Buffer.alloc(100_001)), 413, 'body_too_large'],
      ['another type', file(Buffer.from('x'), 'x.png', 'image/png'), 415, 'unsupported_media_type'],
      ['fields that do not fit', { ...file(Buffer.from('x')), fields: { source: 'x' } }, 422, 'validation_failed'],
    ])('%s is told so', async (_, body, status, code) => {
      await expect(send(body)).rejects.toMatchObject({ status, problem: { code } });
    });

    it('without a file is told so, and one under another name is none', async () => {
      const post = async (form: FormData) =>
        (await fetch(`${app.url}/imports`, { method: 'POST', body: form, headers: await app.as('gateway') })).status;
      const form = new FormData();
      form.set('source', 'desk');
      expect(await post(form)).toBe(422);
      form.set('other', new Blob(['x'], { type: 'text/plain' }), 'x.txt');
      expect(await post(form)).toBe(400);
    });
  });

  describe('that downloads', () => {
    const read = (size: number, breaks = 'false') =>
      app.gateway.call(ExportNotes, { params: { size }, query: { breaks } });

    it('has the bytes while they come', async () => {
      const file = await read(5_000_000);
      expect([file.contentType, file.bytes]).toEqual(['text/plain', 5_000_000]);
      expect((await file.buffer()).length).toBe(5_000_000);
    });

    it('takes no more of a file than it has room for', async () => {
      const file = await read(5_000_000);
      await expect(file.buffer({ maxBytes: 4_999_999 })).rejects.toThrow(DownloadTooLarge);
      expect(file.body.destroyed).toBe(true);
      expect(await (await read(5_000)).buffer({ maxBytes: 5_000 })).toHaveLength(5_000);
    });

    it('never takes half a file for the whole', async () => {
      const file = await read(100_000, 'true');
      await expect(file.buffer()).rejects.toThrow();
    });
  });

  describe('that follows events', () => {
    it('has them as they come, and ends when it goes', async () => {
      const seen: unknown[] = [];
      for await (const event of await app.gateway.call(FollowNotes)) {
        seen.push(event);
        if (seen.length === 3) break;
      }
      const at = app.clock.now();
      expect(seen).toEqual([1, 2, 3].map((n) => ({ id: String(n), event: 'number', data: { n, at } })));
      await until(() => pause.followers === 0, { what: 'the end of the stream' });
    });

    it('does not keep the service from stopping', async () => {
      const other = await startApp(notesApp);
      const events = await other.gateway.call(FollowNotes);
      const all = (async () => {
        let count = 0;
        for await (const _ of events) count += 1;
        return count;
      })();
      await until(() => pause.followers === 1, { what: 'a follower' });
      await other.stop();
      expect(await all).toBe(3);
    });
  });

  describe('whose other side is in trouble', () => {
    let server: Server;
    let client: ServiceClient;
    let answer: RequestListener;
    const asked: { id: unknown; authorization: unknown }[] = [];
    beforeAll(async () => {
      server = createServer((request, response) => {
        const { 'x-request-id': id, authorization } = request.headers;
        asked.push({ id, authorization });
        answer(request, response);
      });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      const keys = await generateIdentityKeys(['chat-ai']);
      const directory = new Map([['notes', `http://127.0.0.1:${(server.address() as AddressInfo).port}`]]);
      client = new ServiceClient(new ServiceIdentity('chat-ai', keys), directory, new Registry());
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });
    beforeEach(() => void asked.splice(0));

    const note = { noteId: uuidv7(), text: 'x', revision: 1, writtenAt: new Date(0).toISOString() };
    const params = { noteId: note.noteId };
    const once =
      (first: RequestListener): RequestListener =>
      (request, response) =>
        asked.length === 1
          ? first(request, response)
          : response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(note));

    it('is made again where that does no harm', async () => {
      answer = once((_, response) => response.writeHead(503).end());
      await expect(client.call(ReadNote, { params })).resolves.toMatchObject({ text: 'x' });
      expect(asked).toHaveLength(2);
      asked.splice(0);
      const body = { text: 'x' };
      await expect(client.call(WriteNote, { body, idempotencyKey: uuidv7() })).resolves.toMatchObject({ text: 'x' });
      expect(asked).toHaveLength(2);
    });

    it('ends by its deadline', async () => {
      answer = () => undefined;
      const file = { body: Buffer.from('x'), fileName: 'x', contentType: 'text/plain' };
      const call = client.call(ImportNotes, { body: { fields: { source: 'desk' }, file } }, { timeoutMs: 1_000 });
      await expect(call).rejects.toThrow('notes did not answer notes.imports.create in time');
      expect(asked).toHaveLength(1);
    });

    it('refuses an answer that is not what was promised', async () => {
      answer = (_, response) => response.end('{"noteId":7}');
      await expect(client.call(ReadNote, { params })).rejects.toThrow('Invalid input');
      expect(asked).toHaveLength(1);
    });

    it('is not made at all when nobody knows where that is', async () => {
      const lost = new ServiceClient(
        new ServiceIdentity('chat-ai', await generateIdentityKeys([])),
        new Map(),
        new Registry(),
      );
      await expect(lost.call(ReadNote, { params })).rejects.toThrow('It is not known where notes answers');
    });
  });
});
