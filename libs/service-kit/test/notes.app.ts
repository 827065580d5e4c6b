import { createHmac, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Controller, Injectable, Module } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  bytes,
  defineEvent,
  defineRoute,
  eventStream,
  form,
  Instant,
  pageOf,
  PageQuery,
  queryList,
  raw,
  upload,
} from '@switchboard/contracts';
import {
  Column,
  DataSource,
  Entity,
  type EntityManager,
  type MigrationInterface,
  PrimaryColumn,
  type QueryRunner,
} from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Clock } from '../src/clock';
import { defineApp } from '../src/define-app';
import { DomainError } from '../src/errors';
import { Cursors } from '../src/http/cursors';
import type { IfMatch } from '../src/http/etag';
import { type AnswerOf, Implements, type RequestOf } from '../src/http/route.decorators';

// A service as small as one can be that has a route of every kind.

const Note = z
  .object({ noteId: z.uuid(), text: z.string(), revision: z.int(), writtenAt: Instant })
  .meta({ id: 'notes.Note' });
const NoteText = z.string().trim().min(1).max(200);
const params = z.object({ noteId: z.uuid() });
const notFound = { 'notes.note_not_found': 404 } as const;

export const NoteWritten = defineEvent('notes.note.written.v1', z.object({ noteId: z.uuid() }), {
  subject: 'noteId',
  summary: 'A note was written.',
});

export const WriteNote = defineRoute({
  id: 'notes.notes.write',
  method: 'POST',
  path: '/notes',
  summary: 'Writes a note.',
  permission: 'notes:write',
  body: z.object({ text: NoteText, tags: z.array(z.string().min(2)).max(3).default([]) }),
  answer: Note,
  status: 201,
  problems: { 'notes.forbidden_word': 409 },
  idempotent: true,
  etag: 'revision',
});
export const ListNotes = defineRoute({
  id: 'notes.notes.list',
  method: 'GET',
  path: '/notes',
  summary: 'Notes, in the order they were written.',
  permission: 'notes:read',
  query: PageQuery.extend({ words: queryList(z.string()).optional() }),
  answer: pageOf(Note),
});
export const ReadNote = defineRoute({
  id: 'notes.notes.read',
  method: 'GET',
  path: '/notes/{noteId}',
  summary: 'A note.',
  permission: 'notes:read',
  callers: ['analytics', 'gateway'],
  params,
  answer: Note,
  problems: notFound,
  etag: 'revision',
});
export const ChangeNote = defineRoute({
  id: 'notes.notes.change',
  method: 'PATCH',
  path: '/notes/{noteId}',
  summary: 'Changes the text of a note.',
  permission: 'notes:write',
  params,
  body: z.object({ text: NoteText }),
  answer: Note,
  problems: notFound,
  etag: 'revision',
  ifMatch: true,
});
export const RemoveNote = defineRoute({
  id: 'notes.notes.remove',
  method: 'DELETE',
  path: '/notes/{noteId}',
  summary: 'Removes a note.',
  permission: 'notes:write',
  params,
});
export const ReadMyName = defineRoute({
  id: 'notes.names.read-mine',
  method: 'GET',
  path: '/me/name',
  summary: 'Who you are.',
  permission: 'me:read',
  answer: z.object({ id: z.string() }),
});
export const PublishNote = defineRoute({
  id: 'notes.publications.create',
  method: 'POST',
  path: '/bots/{botId}/publications',
  summary: 'Writes a note for everybody; a loud one with the approval of a second person.',
  permission: 'notes:write',
  params: z.object({ botId: z.string() }),
  bots: 'params.botId',
  body: z.object({ text: NoteText }),
  answer: z.object({ noteId: z.uuid() }),
  approval: ({ body }: { body: { text: string } }) => body.text.endsWith('!'),
  idempotent: true,
});
export const CopyNote = defineRoute({
  id: 'notes.copies.create',
  method: 'POST',
  path: '/copies',
  summary: 'Writes a note that somebody who is slow to answer has to agree to.',
  permission: 'notes:write',
  body: z.object({ text: NoteText }),
  answer: z.object({ noteId: z.uuid() }),
  problems: { 'notes.forbidden_word': 409 },
  idempotent: true,
});
export const ImportNotes = defineRoute({
  id: 'notes.imports.create',
  method: 'POST',
  path: '/imports',
  summary: 'Takes notes out of a file.',
  permission: 'notes:write',
  body: upload({ fields: z.object({ source: z.string().min(3) }), maxBytes: 100_000, accepts: ['text/*'] }),
  answer: z.object({ source: z.string(), fileName: z.string(), bytes: z.int() }),
  status: 202,
});
export const ExportNotes = defineRoute({
  id: 'notes.exports.read',
  method: 'GET',
  path: '/exports/{size}',
  summary: 'So many bytes, or half of them if it breaks.',
  permission: 'notes:read',
  params: z.object({ size: z.coerce.number<number>().int().max(10_000_000) }),
  query: z.object({ breaks: z.stringbool().optional() }),
  answer: bytes('text/plain'),
});
export const FollowNotes = defineRoute({
  id: 'notes.notes.follow',
  method: 'GET',
  path: '/streams/notes',
  summary: 'Three numbers, and then nothing until one of us leaves.',
  permission: 'notes:read',
  answer: eventStream(z.object({ n: z.int(), at: Instant })),
});
export const ReceiveHook = defineRoute({
  id: 'notes.hooks.receive',
  method: 'POST',
  path: '/hooks/notes',
  summary: 'Where a third party brings signed notes.',
  permission: 'webhook',
  headers: z.object({ 'x-signature': z.string().optional() }),
  body: raw({ contentType: 'application/json', maxBytes: 1000 }),
  problems: { 'notes.wrong_signature': 401 },
});
export const SubmitForm = defineRoute({
  id: 'notes.forms.submit',
  method: 'POST',
  path: '/forms',
  summary: 'Takes a form of a web page.',
  permission: 'public',
  body: form(z.object({ name: z.string(), times: z.coerce.number<string>().int() })),
  answer: z.object({ name: z.string(), times: z.int() }),
});
export const Misbehave = defineRoute({
  id: 'notes.misdeeds.create',
  method: 'POST',
  path: '/misdeeds/{kind}',
  summary: 'Does what no route may.',
  permission: 'public',
  params: z.object({ kind: z.enum(['breaks-contract', 'undeclared-problem', 'throws']) }),
  answer: z.object({ fits: z.boolean() }),
});

@Entity({ name: 'notes' })
class NoteRow {
  @PrimaryColumn('uuid', { name: 'note_id' }) noteId!: string;
  @Column('text') text!: string;
  @Column('integer') revision!: number;
  @Column('timestamptz', { name: 'written_at' }) writtenAt!: Date;
  /** Known to the table and to no contract. */
  @Column('text') secret!: string;
}

class CreateNotes1700000000000 implements MigrationInterface {
  readonly name = 'CreateNotes1700000000000';
  async up(db: QueryRunner) {
    await db.query(`CREATE TABLE notes (
      note_id uuid PRIMARY KEY, text text NOT NULL, revision integer NOT NULL, written_at timestamptz NOT NULL, secret text NOT NULL)`);
  }
  async down(db: QueryRunner) {
    await db.query('DROP TABLE notes');
  }
}

class NoteNotFound extends DomainError {
  constructor(noteId: string) {
    super('notes.note_not_found', 'There is no such note', 404, { noteId });
  }
}

/** What specs hold up or look at. */
export const pause: {
  beforeCommit: () => Promise<void>;
  beforeTransaction: () => Promise<void>;
  imported: Buffer | undefined;
  followers: number;
} = {
  beforeCommit: () => Promise.resolve(),
  beforeTransaction: () => Promise.resolve(),
  imported: undefined,
  followers: 0,
};

export const HOOK_SECRET = 'a secret between two';

@Injectable()
class NotesService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async write(tx: EntityManager, text: string): Promise<NoteRow> {
    const note = tx.create(NoteRow, {
      noteId: uuidv7(),
      text,
      revision: 1,
      writtenAt: this.clock.now(),
      secret: 'not for you',
    });
    await tx.insert(NoteRow, note);
    await this.outbox.add(tx, NoteWritten({ noteId: note.noteId }));
    await pause.beforeCommit();
    if (text.includes('xyzzy')) throw new DomainError('notes.forbidden_word', 'Nothing happens', 409);
    return note;
  }

  async read(noteId: string): Promise<NoteRow> {
    const note = await this.db.manager.findOneBy(NoteRow, { noteId });
    if (!note) throw new NoteNotFound(noteId);
    return note;
  }

  change(noteId: string, text: string, seen: IfMatch): Promise<NoteRow> {
    return this.db.transaction(async (tx) => {
      const note = await tx.findOne(NoteRow, { where: { noteId }, lock: { mode: 'pessimistic_write' } });
      if (!note) throw new NoteNotFound(noteId);
      seen.check(note.revision);
      return tx.save(NoteRow, { ...note, text, revision: note.revision + 1 });
    });
  }

  async list(words: string[] | undefined, from: string | undefined, backwards: boolean, limit: number) {
    const query = this.db.manager.createQueryBuilder(NoteRow, 'note').take(limit);
    if (words) query.andWhere('note.text = ANY(:words)', { words });
    if (from) query.andWhere(`note.noteId ${backwards ? '<' : '>'} :from`, { from });
    return query.orderBy('note.noteId', backwards ? 'DESC' : 'ASC').getMany();
  }

  async remove(noteId: string): Promise<void> {
    await this.db.manager.delete(NoteRow, { noteId });
  }
}

@Controller()
class NotesController {
  constructor(
    private readonly notes: NotesService,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  @Implements(WriteNote)
  write({ body }: RequestOf<typeof WriteNote>, tx: EntityManager): Promise<AnswerOf<typeof WriteNote>> {
    return this.notes.write(tx, body.text);
  }

  @Implements(PublishNote)
  publish({ body }: RequestOf<typeof PublishNote>, tx: EntityManager): Promise<AnswerOf<typeof PublishNote>> {
    return this.notes.write(tx, body.text);
  }

  @Implements(CopyNote, { checkFirst: true })
  async copy({ body }: RequestOf<typeof CopyNote>) {
    await pause.beforeTransaction();
    return (tx: EntityManager): Promise<AnswerOf<typeof CopyNote>> => this.notes.write(tx, body.text);
  }

  @Implements(ListNotes)
  async list(request: RequestOf<typeof ListNotes>): Promise<AnswerOf<typeof ListNotes>> {
    const { words, limit } = request.query;
    const position = this.cursors.position(request);
    const [from] = (position?.key ?? []) as string[];
    const rows = await this.notes.list(words, from, position?.direction === 'prev', limit + 1);
    return this.cursors.page(request, rows, ({ noteId }) => [noteId]);
  }

  @Implements(ReadNote)
  read({ params: { noteId } }: RequestOf<typeof ReadNote>): Promise<AnswerOf<typeof ReadNote>> {
    return this.notes.read(noteId);
  }

  @Implements(ChangeNote)
  change({ params, body, ifMatch }: RequestOf<typeof ChangeNote>): Promise<AnswerOf<typeof ChangeNote>> {
    return this.notes.change(params.noteId, body.text, ifMatch);
  }

  @Implements(ReadMyName)
  name({ actor }: RequestOf<typeof ReadMyName>): AnswerOf<typeof ReadMyName> {
    return { id: actor.id };
  }

  @Implements(RemoveNote)
  remove({ params: { noteId } }: RequestOf<typeof RemoveNote>): Promise<void> {
    return this.notes.remove(noteId);
  }

  @Implements(ImportNotes)
  async import({ body: { fields, file } }: RequestOf<typeof ImportNotes>): Promise<AnswerOf<typeof ImportNotes>> {
    pause.imported = await buffer(file.body);
    return { source: fields.source, fileName: file.fileName ?? '', bytes: pause.imported.length };
  }

  @Implements(ExportNotes)
  export({ params: { size }, query }: RequestOf<typeof ExportNotes>): AnswerOf<typeof ExportNotes> {
    const text = Buffer.alloc(size, 'a');
    const half = async function* () {
      yield text.subarray(0, size / 2);
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error('the disk went away');
    };
    return { body: query.breaks ? Readable.from(half()) : Readable.from([text]), bytes: size };
  }

  @Implements(FollowNotes)
  async *follow({ signal }: RequestOf<typeof FollowNotes>): AnswerOf<typeof FollowNotes> {
    pause.followers += 1;
    try {
      for (const n of [1, 2, 3]) yield { id: String(n), event: 'number', data: { n, at: this.clock.now() } };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    } finally {
      pause.followers -= 1;
    }
  }

  @Implements(ReceiveHook)
  async receive({ body, headers }: RequestOf<typeof ReceiveHook>): Promise<void> {
    const expected = createHmac('sha256', HOOK_SECRET).update(body).digest();
    const given = Buffer.from(headers['x-signature'] ?? '', 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new DomainError('notes.wrong_signature', 'The signature is missing or wrong', 401);
    }
  }

  @Implements(SubmitForm)
  submit({ body }: RequestOf<typeof SubmitForm>): AnswerOf<typeof SubmitForm> {
    return body;
  }

  @Implements(Misbehave)
  misbehave({ params: { kind } }: RequestOf<typeof Misbehave>): AnswerOf<typeof Misbehave> {
    if (kind === 'throws') throw new Error('a detail that must not leave the house');
    if (kind === 'undeclared-problem') throw new DomainError('notes.surprise', 'Nobody was told', 409);
    return { fits: 'no' as unknown as boolean };
  }
}

@Module({ controllers: [NotesController], providers: [NotesService] })
class NotesModule {}

export const notesApp = defineApp({
  name: 'notes',
  module: NotesModule,
  config: z.object({}),
  entities: [NoteRow],
  migrations: [CreateNotes1700000000000],
  port: 0,
});
