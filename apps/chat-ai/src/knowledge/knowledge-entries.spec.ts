import {
  type Actor,
  AddFaq,
  AddKnowledgePage,
  AuditEntryAppendRequested,
  ChangeFaq,
  ChangeKnowledgePage,
  DeleteKnowledgeDocument,
  DownloadKnowledgeFile,
  ListFaq,
  ListKnowledgeDocuments,
  ListKnowledgePassages,
  ReadFaq,
  ReadKnowledgeDocument,
  ReplaceKnowledgeFile,
  RereadKnowledgePage,
  RestoreKnowledgeDocument,
  SearchKnowledge,
  UploadKnowledgeFile,
} from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, botsFolder, rereadBots, rowsOf, runScheduled } from '../../test/build';
import { docx, paragraph } from '../../test/files';
import { chatAiApp } from '../chat-ai.app';
import { DocumentReader, ReaderLost } from '../documents/document-reader';
import { KnowledgeReadingService } from './knowledge-reading.service';
import { KnowledgeLoader } from './knowledge.loader';

const HOURS = [
  { locale: 'en', question: 'When is the sauna open?', answer: 'From seven in the morning.' },
  { locale: 'ru', question: 'Когда открыта сауна?', answer: 'С семи утра.' },
];

describe('what staff add to the knowledge of a bot', () => {
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let folder: string;
  let app: TestApp;
  let site: Awaited<ReturnType<typeof startSite>>;
  const ids = ['desk', 'file', 'page', 'faq', 'gone', 'both', 'lost', 'kept'];

  beforeAll(async () => {
    site = await startSite();
    folder = await mkdtemp(join(tmpdir(), 'knowledge-'));
    await writeFile(join(folder, 'prices.md'), '# Prices\n\n## Towel\n\nA towel is three pounds.');
    bots = await botsFolder({
      ...Object.fromEntries(ids.map((id) => [id, { assistant: { systemPrompt: 'You are the spa.' } }])),
      both: { assistant: { systemPrompt: 'You are the spa.', knowledge: folder } },
    });
    app = await startApp(chatAiApp, {
      env: { BOTS_FOLDER: bots.path, CHAT_AI_PAGES_PRIVATE_NETWORKS: '127.0.0.0/8' },
    });
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await rm(folder, { recursive: true });
    await site.stop();
  });

  const search = async (botId: string, query: string, of = app) =>
    (await of.gateway.call(SearchKnowledge, { params: { botId }, body: { query } })).passages;
  const upload = (botId: string, fileName: string, body: Buffer | Readable, title?: string) =>
    app.gateway.call(UploadKnowledgeFile, {
      params: { botId },
      body: { fields: { ...(title && { title }) }, file: { fileName, contentType: 'application/octet-stream', body } },
    });
  const read = (botId: string, documentId: string, locale: 'en' | 'ru' = 'en') =>
    app.gateway.call(ReadKnowledgeDocument, { params: { botId, documentId }, query: { locale } });
  const untilRead = (botId: string, documentId: string) =>
    until(async () => (await read(botId, documentId)).state !== 'waiting' && read(botId, documentId), {
      what: 'the document',
    }) as Promise<Awaited<ReturnType<typeof read>>>;
  const list = (botId: string, query: object = {}) =>
    app.gateway.call(ListKnowledgeDocuments, { params: { botId }, query });
  const addPage = (botId: string, url: string, more: { everyHours?: number | null; title?: string } = {}) =>
    app.gateway.call(AddKnowledgePage, { params: { botId }, body: { url, ...more }, idempotencyKey: uuidv7() });
  const addFaq = (botId: string, texts = HOURS, idempotencyKey = uuidv7()) =>
    app.gateway.call(AddFaq, { params: { botId }, body: { texts }, idempotencyKey });
  const remove = (botId: string, documentId: string) =>
    app.gateway.call(DeleteKnowledgeDocument, { params: { botId, documentId } });
  const restore = (botId: string, documentId: string) =>
    app.gateway.call(RestoreKnowledgeDocument, { params: { botId, documentId } });

  describe('as a file', () => {
    it('is read, searched, and given back as it was', async () => {
      const bytes = docx(paragraph('The deposit for a locker is heliotrope.'));
      const added = await upload('file', 'C:\\papers\\lockers.docx', bytes, 'About lockers');
      expect(added).toMatchObject({
        ...{ origin: 'file', source: 'lockers.docx', title: 'About lockers', state: 'waiting', revision: 1 },
        ...{ changedBy: 'staff:root', file: { bytes: bytes.length } },
      });
      expect(await untilRead('file', added.id)).toMatchObject({ state: 'read', passages: 1, problem: null });
      expect(await search('file', 'locker deposit')).toMatchObject([
        { title: 'About lockers', source: 'lockers.docx' },
      ]);
      const params = { botId: 'file', documentId: added.id };
      const file = await app.gateway.call(DownloadKnowledgeFile, { params });
      expect(file.contentType).toBe('application/octet-stream');
      expect((await file.buffer()).equals(bytes)).toBe(true);
      const { data } = await app.gateway.call(ListKnowledgePassages, { params });
      expect(data).toMatchObject([{ text: 'The deposit for a locker is heliotrope.', suspicious: false }]);
      const reply = await aPerson(() => app, { botId: 'file' });
      expect((await reply.replyTo(await reply.writes('What is the locker deposit?'))).text).toContain('heliotrope');
    });

    it('is shown piece by piece, as it is searched', async () => {
      const sections = ['One', 'Two', 'Three'].map((name) => `## ${name}\n\nThe text of ${name}.`);
      const { id } = await upload('file', 'pieces.md', Buffer.from(`# Pieces\n\n${sections.join('\n\n')}`));
      await untilRead('file', id);
      const passages = (query: { limit?: number; after?: string }) =>
        app.gateway.call(ListKnowledgePassages, { params: { botId: 'file', documentId: id }, query });
      const first = await passages({ limit: 2 });
      const second = await passages({ limit: 2, after: first.page.next! });
      expect([...first.data, ...second.data].map(({ heading }) => heading)).toEqual(['One', 'Two', 'Three']);
      expect((await passages({ limit: 2, after: second.page.prev! })).data).toEqual(first.data);
    });

    it('sent again it is the one that is there', async () => {
      const bytes = Buffer.from('# Pool\n\nThe pool is deep.');
      const [first, again] = [await upload('file', 'pool.md', bytes), await upload('file', 'pool-copy.md', bytes)];
      expect(again.id).toBe(first.id);
      const { data } = await list('file', { origin: 'file' });
      expect(data.filter(({ source }) => source.startsWith('pool'))).toHaveLength(1);
    });

    it('that cannot be read is told of in both languages, and a better one takes its place', async () => {
      const added = await upload('file', 'terms.docx', Buffer.from('PK\u0003\u0004 and then nothing'));
      expect(await untilRead('file', added.id)).toMatchObject({
        ...{ state: 'unread', passages: 0 },
        problem: { code: 'chat-ai.file_unreadable', message: expect.stringMatching(/^The file is damaged/) as string },
      });
      expect((await read('file', added.id, 'ru')).problem!.message).toMatch(/^Файл повреждён/);
      const replace = (revision: number, text: string) =>
        app.gateway.call(ReplaceKnowledgeFile, {
          params: { botId: 'file', documentId: added.id },
          body: { fields: {}, file: { fileName: 'terms.md', contentType: 'text/markdown', body: Buffer.from(text) } },
          ifMatch: `"${revision}"`,
        });
      expect(await replace(1, '# Terms\n\nMagenta terms.')).toMatchObject({ state: 'waiting', revision: 2 });
      expect(await untilRead('file', added.id)).toMatchObject({ state: 'read', source: 'terms.md', problem: null });
      await expect(replace(1, '# Terms\n\nOther terms.')).rejects.toMatchObject({ status: 412 });
      expect(await search('file', 'magenta terms')).toHaveLength(1);
    });

    it.each([
      ['empty', Buffer.alloc(0), 422, 'chat-ai.file_empty'],
      ['too large', Buffer.alloc(11 * 1024 * 1024, 'a'), 413, 'body_too_large'],
    ])('%s it is refused, and nothing of it stays', async (_, bytes, status, code) => {
      const removed = jest.spyOn(app.service.nest.get<MediaStorage>(MEDIA_STORAGE), 'delete');
      await expect(upload('lost', 'file.txt', bytes)).rejects.toMatchObject({ status, problem: { code } });
      expect(await rowsOf(app, `SELECT FROM knowledge_entries WHERE bot_id = 'lost'`)).toEqual([]);
      await until(() => removed.mock.calls.length > 0, { what: 'the end of its bytes' });
      removed.mockRestore();
    });

    it('what a killed process has left of an upload is removed', async () => {
      const added = await upload('kept', 'half.md', Buffer.from('# Half\n\nOf it.'));
      await untilRead('kept', added.id);
      await rowsOf(app, `UPDATE knowledge_entries SET state = 'receiving' WHERE id = $1`, [added.id]);
      expect((await list('kept')).data).toEqual([]);
      app.clock.advance(2 * 3_600_000);
      await runScheduled(app, 'forget-knowledge-entries');
      expect(await rowsOf(app, 'SELECT FROM knowledge_entries WHERE id = $1', [added.id])).toEqual([]);
      app.clock.advance(-2 * 3_600_000);
    });

    it('whose reader is lost is tried again, and told of when that was the last time', async () => {
      const added = await upload('lost', 'later.docx', docx(paragraph('Later.')));
      await untilRead('lost', added.id);
      const lost = jest.spyOn(DocumentReader.prototype, 'read').mockRejectedValue(new ReaderLost('killed'));
      const reading = app.service.nest.get(KnowledgeReadingService);
      const { signal } = new AbortController();
      await expect(reading.read(added.id, { signal, isLastTry: false })).rejects.toThrow(ReaderLost);
      expect((await read('lost', added.id)).problem).toBeNull();
      await reading.read(added.id, { signal, isLastTry: true });
      expect((await read('lost', added.id)).problem).toMatchObject({ code: 'chat-ai.reader_failed' });
      expect(await search('lost', 'later')).toHaveLength(1);
      lost.mockRestore();
    });
  });

  describe('as a page of the web', () => {
    it('is read soon, and again when it has changed', async () => {
      site.pages['/hours'] = page('Hours', 'The <b>steam room</b> is open until ten.');
      const added = await addPage('page', `${site.url}/hours#today`, { everyHours: 6 });
      expect(added).toMatchObject({ origin: 'page', source: `${site.url}/hours`, state: 'waiting' });
      expect(await untilRead('page', added.id)).toMatchObject({
        ...{ state: 'read', title: 'Hours', problem: null, passages: 1 },
        page: { url: `${site.url}/hours`, everyHours: 6, readAt: expect.any(Date) as Date },
      });
      expect(await search('page', 'steam room')).toMatchObject([{ title: 'Hours', source: `${site.url}/hours` }]);

      site.pages['/hours'] = page('Hours', 'The steam room is open until midnight.');
      await rowsOf(app, 'UPDATE knowledge_entries SET next_read_at = now() WHERE id = $1', [added.id]);
      await runScheduled(app, 'reread-pages');
      await until(async () => (await search('page', 'steam room'))[0]?.text.includes('midnight'), {
        what: 'the change',
      });
      const asked = site.asked.length;
      await app.gateway.call(RereadKnowledgePage, { params: { botId: 'page', documentId: added.id } });
      await untilRead('page', added.id);
      expect(site.asked.slice(asked)).toEqual(['/hours 304']);
      expect(await search('page', 'steam room')).toHaveLength(1);
    });

    it('has another name or another rhythm when staff say so', async () => {
      site.pages['/rules'] = page('House rules', 'No running at the pool.');
      const { id } = await addPage('page', `${site.url}/rules`, { everyHours: null });
      expect((await untilRead('page', id)).page).toMatchObject({ everyHours: null, nextReadAt: null });
      const change = (revision: number) =>
        app.gateway.call(ChangeKnowledgePage, {
          params: { botId: 'page', documentId: id },
          body: { title: 'Rules of the house', everyHours: 1 },
          ifMatch: `"${revision}"`,
        });
      expect(await change(1)).toMatchObject({ title: 'Rules of the house', revision: 2, page: { everyHours: 1 } });
      await until(async () => (await search('page', 'running'))[0]?.title === 'Rules of the house', {
        what: 'the title',
      });
      expect((await read('page', id)).page!.nextReadAt).not.toBeNull();
      await expect(change(1)).rejects.toMatchObject({ status: 412 });
    });

    it('that cannot be had any more keeps what it said, and says why', async () => {
      site.pages['/terms'] = page('Terms', 'Vermilion terms.');
      const { id } = await addPage('page', `${site.url}/terms`);
      await untilRead('page', id);
      const problemAfter = async (what: () => void) => {
        what();
        await app.gateway.call(RereadKnowledgePage, { params: { botId: 'page', documentId: id } });
        return (await untilRead('page', id)).problem?.code;
      };
      expect(await problemAfter(() => delete site.pages['/terms'])).toBe('chat-ai.page_gone');
      expect(await problemAfter(() => (site.pages['/terms'] = 403))).toBe('chat-ai.page_refused');
      expect(await problemAfter(() => (site.pages['/terms'] = 500))).toBe('chat-ai.page_unreachable');
      expect(await problemAfter(() => (site.pages['/terms'] = 'x'.repeat(11 * 1024 * 1024)))).toBe(
        'chat-ai.file_too_large',
      );
      expect(await problemAfter(() => (site.pages['/terms'] = 'http://169.254.169.254/latest'))).toBe(
        'chat-ai.page_address_refused',
      );
      expect(await search('page', 'vermilion')).toHaveLength(1);
      expect(await problemAfter(() => (site.pages['/terms'] = page('Terms', 'Vermilion terms.')))).toBeUndefined();
    });

    it.each([
      ['an address of the cloud', 'http://169.254.169.254/latest/meta-data'],
      ['an address of a private network', 'http://10.0.0.1/'],
      ['a name and a password', 'https://me:secret@example.com/'],
    ])('%s is refused at once', async (_, url) => {
      await expect(addPage('page', url)).rejects.toMatchObject({
        status: 422,
        problem: { code: 'chat-ai.page_address_refused' },
      });
    });

    it('that is there already is not added again', async () => {
      site.pages['/once'] = page('Once', 'Only once.');
      const { id } = await addPage('page', `${site.url}/once`);
      await expect(addPage('page', `${site.url}/once`)).rejects.toMatchObject({
        status: 409,
        problem: { code: 'chat-ai.page_known', params: { documentId: id } },
      });
      await remove('page', id);
      expect((await addPage('page', `${site.url}/once`)).id).not.toBe(id);
    });
  });

  describe('as a question with its answer', () => {
    it('is known at once, in the language of who asks', async () => {
      const key = uuidv7();
      const added = await addFaq('faq', HOURS, key);
      expect(await addFaq('faq', HOURS, key)).toEqual(added);
      expect(added).toMatchObject({ texts: HOURS, changedBy: 'staff:root', revision: 1, deletedAt: null });
      const anna = aPerson(() => app, { botId: 'faq', locale: 'ru' });
      const reply = await anna.replyTo(await anna.writes('Когда открыта сауна?'));
      expect(reply.text).toContain('С семи утра.');
      expect(reply.text).toContain('[1] Частые вопросы › Когда открыта сауна?');
      expect((await search('faq', 'When is the sauna open?'))[0]).toMatchObject({ text: 'From seven in the morning.' });
      expect((await list('faq')).data).toMatchObject([{ id: added.id, origin: 'faq', passages: 2, state: 'read' }]);
      expect((await app.gateway.call(ListFaq, { params: { botId: 'faq' } })).data).toEqual([added]);
      const said = app.probe.all(AuditEntryAppendRequested).filter(({ data }) => data.resourceId === added.id);
      expect(said).toMatchObject([{ data: { action: 'chat-ai.faq.add', botId: 'faq' } }]);
    });

    it('is edited in place by who has seen it', async () => {
      const { id } = await addFaq('desk');
      const params = { botId: 'desk', documentId: id };
      const change = (revision: number, answer: string) =>
        app.gateway.call(ChangeFaq, {
          params,
          body: { texts: [{ ...HOURS[0]!, answer }] },
          ifMatch: `"${revision}"`,
        });
      expect(await change(1, 'From eight.')).toMatchObject({ texts: [{ answer: 'From eight.' }], revision: 2 });
      expect((await search('desk', 'sauna')).map(({ text }) => text)).toEqual(['From eight.']);
      expect(app.probe.all(AuditEntryAppendRequested).at(-1)!.data).toMatchObject({
        action: 'chat-ai.faq.change',
        before: { texts: HOURS },
        after: { texts: [{ answer: 'From eight.' }] },
      });
      await expect(change(1, 'From nine.')).rejects.toMatchObject({
        status: 412,
        problem: { params: { present: { revision: 2, texts: [{ answer: 'From eight.' }] } } },
      });
      expect(await app.gateway.call(ReadFaq, { params })).toMatchObject({ revision: 2 });
    });

    it.each([
      ['no language', []],
      ['a language twice', [HOURS[0]!, HOURS[0]!]],
      ['no answer', [{ ...HOURS[0]!, answer: ' ' }]],
    ])('with %s it does not fit', async (_, texts) => {
      await expect(addFaq('faq', texts)).rejects.toMatchObject({ status: 422 });
    });
  });

  it('is deleted, restored within thirty days, and gone after them', async () => {
    const faq = await addFaq('gone');
    const file = await upload('gone', 'lake.md', Buffer.from('# Lake\n\nThe lake is cold.'));
    await untilRead('gone', file.id);
    const [kept] = await rowsOf<{ key: string }>(
      app,
      'SELECT storage_key AS key FROM knowledge_entries WHERE id = $1',
      [file.id],
    );
    for (const id of [faq.id, file.id]) {
      for (const _ of ['once', 'twice']) expect((await remove('gone', id)).deletedAt).not.toBeNull();
    }
    expect(await search('gone', 'sauna lake')).toEqual([]);
    expect((await list('gone')).data).toEqual([]);
    expect((await list('gone', { deleted: 'true' })).data).toHaveLength(2);
    expect(await restore('gone', file.id)).toMatchObject({ deletedAt: null, state: 'read', passages: 1, revision: 3 });
    expect(await search('gone', 'lake')).toHaveLength(1);
    await remove('gone', file.id);
    app.clock.advance(31 * 86_400_000);
    await runScheduled(app, 'forget-knowledge-entries');
    app.clock.advance(-31 * 86_400_000);
    expect((await list('gone', { deleted: 'true' })).data).toEqual([]);
    await expect(restore('gone', faq.id)).rejects.toMatchObject({ status: 404 });
    const storage = app.service.nest.get<MediaStorage>(MEDIA_STORAGE);
    await until(async () => !(await storage.exists(kept!.key)), { what: 'the end of the file' });
  });

  it("stands beside the files of the bot's folder, which stay as they are and are changed there", async () => {
    const faq = await addFaq('both');
    const { data } = await list('both');
    expect(data.map(({ origin, source, revision }) => [origin, source, revision])).toEqual([
      ['faq', 'When is the sauna open?', 1],
      ['folder', 'prices.md', 0],
    ]);
    const first = await list('both', { limit: 1 });
    const second = await list('both', { limit: 1, after: first.page.next! });
    expect([...first.data, ...second.data]).toEqual(data);
    expect((await list('both', { limit: 1, after: second.page.prev! })).data).toEqual(first.data);
    const ofFolder = data.find(({ origin }) => origin === 'folder');
    const readOnly = { status: 409, problem: { code: 'chat-ai.knowledge_read_only' } };
    await expect(remove('both', ofFolder!.id)).rejects.toMatchObject(readOnly);
    await expect(restore('both', ofFolder!.id)).rejects.toMatchObject(readOnly);
    // A look at the folder leaves it alone, and so does the end of the folder.
    await writeFile(join(folder, 'prices.md'), '# Prices\n\n## Towel\n\nA towel is four pounds.');
    await app.service.nest.get(KnowledgeLoader).check();
    expect((await search('both', 'towel price'))[0]).toMatchObject({ text: 'A towel is four pounds.' });
    expect(await search('both', 'sauna open')).toHaveLength(2);
    await bots.write('both', { assistant: { systemPrompt: 'You are the spa.' } });
    await rereadBots(app);
    expect((await search('both', 'towel price sauna')).map(({ source }) => source)).not.toContain('prices.md');
    expect((await list('both')).data.map(({ id }) => id)).toEqual([faq.id]);
    await rowsOf(app, `UPDATE knowledge_bases SET seen_at = now() - interval '25 hours' WHERE bot_id = 'both'`);
    await app.service.nest.get(KnowledgeLoader).check();
    expect(await rowsOf(app, `SELECT source FROM knowledge_documents WHERE bot_id = 'both'`)).toHaveLength(2);
    expect(await search('both', 'sauna open')).toHaveLength(2);
  });

  it('passages that an older version has made are made anew when a process starts', async () => {
    const { id } = await addFaq('kept');
    await rowsOf(app, `UPDATE knowledge_entries SET indexed_as = 'old' WHERE id = $1`, [id]);
    await rowsOf(app, `DELETE FROM knowledge_terms WHERE bot_id = 'kept'`);
    const env = { BOTS_FOLDER: bots.path };
    const next = await startApp(chatAiApp, { env, database: app.database });
    await until(async () => (await search('kept', 'sauna', next)).length > 0, { what: 'the passages' });
    await next.stop({ keepDatabase: true });
  });

  it('several who write at once lose nothing of one another', async () => {
    const questions = ['towel', 'locker', 'slippers', 'bathrobe', 'sunbed', 'oil'];
    await Promise.all(
      questions.map((thing) =>
        addFaq('lost', [{ locale: 'en', question: `Where is the ${thing}?`, answer: `The ${thing} is there.` }]),
      ),
    );
    for (const thing of questions) expect((await search('lost', thing))[0]?.text).toBe(`The ${thing} is there.`);
    const [base] = await rowsOf<{ passages: number; counted: number }>(
      app,
      `SELECT passages, (SELECT count(*)::int FROM knowledge_chunks WHERE bot_id = 'lost') AS counted
       FROM knowledge_bases WHERE bot_id = 'lost'`,
    );
    expect(base!.passages).toBe(base!.counted);
  });

  it('is seen by those alone who may see the bot, and changed by those who may write', async () => {
    const other: Actor = { kind: 'staff', id: 'sam', roles: [], scopes: ['knowledge:*'], bots: ['faq'] };
    await expect(
      app.gateway.call(ListKnowledgeDocuments, { params: { botId: 'desk' } }, { actor: other }),
    ).rejects.toMatchObject({ status: 404 });
    const reader: Actor = { kind: 'staff', id: 'sam', roles: [], scopes: ['knowledge:read'] };
    const asked = { params: { botId: 'faq' }, body: { texts: HOURS }, idempotencyKey: uuidv7() };
    await expect(app.gateway.call(AddFaq, asked, { actor: reader })).rejects.toMatchObject({ status: 403 });
    await expect(addFaq('nowhere')).rejects.toMatchObject({ problem: { code: 'chat-ai.bot_not_found' } });
  });
});

const page = (title: string, body: string) => `<!doctype html><title>${title}</title><p>${body}</p>`;

/** A site of the web: a text is a page, a number a status, an address a redirection. */
async function startSite() {
  const pages: Record<string, string | number> = {};
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const found = pages[request.url!] ?? 404;
    const etag = typeof found === 'string' ? `"${found.length}"` : undefined;
    if (typeof found === 'number') response.writeHead(found).end();
    else if (found.startsWith('http')) response.writeHead(302, { location: found }).end();
    else if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { 'content-type': 'text/html', etag }).end(found);
    asked.push(`${request.url} ${response.statusCode}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages,
    asked,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
