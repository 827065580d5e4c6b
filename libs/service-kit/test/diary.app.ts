import { Injectable, Module } from '@nestjs/common';
import { Consumer, Handles, Outbox } from '@switchboard/bus';
import { defineEvent, type EventOf, personal } from '@switchboard/contracts';
import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { defineApp } from '../src/define-app';
import { PersonErasureModule } from '../src/erasure.module';
import { defineJob, Jobs, type PayloadOf, Runs } from '../src/jobs';
import { PersonalData } from '../src/personal-data';
import { personalTable } from '../src/row-security';

/** A service as small as one can be whose rows belong to persons. */
export const NoteWritten = defineEvent(
  'diary.note.written.v1',
  z.object({ noteId: z.uuid(), userId: z.uuid(), text: personal(z.string()) }),
  { subject: 'userId', summary: 'Somebody wrote a note.' },
);
export const DiaryPersonErased = defineEvent(
  'diary.person.erased.v1',
  z.object({ erasureId: z.uuid(), userId: z.uuid() }),
  { subject: 'userId', summary: 'Nothing about a person is left in the diary.' },
);
export const Print = defineJob('print', z.object({ noteId: z.uuid() }));

class CreateNotes1764100000000 implements MigrationInterface {
  readonly name = 'CreateNotes1764100000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE notes (id uuid PRIMARY KEY, user_id uuid NOT NULL, title text, text text NOT NULL)`);
    await personalTable(db, 'notes');
    await db.query(`
      CREATE TABLE pictures (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note_id uuid NOT NULL REFERENCES notes,
        description text)`);
    await personalTable(db, 'pictures', { column: 'note_id', of: 'notes' });
    await db.query('CREATE TABLE bills (user_id uuid NOT NULL, cents integer NOT NULL, paid_by uuid, sent_to uuid)');
    await personalTable(db, 'bills');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE bills, pictures, notes');
  }
}

export interface Note {
  id: string;
  userId: string;
  title: string | null;
  text: string;
}

@Injectable()
export class Notes {
  constructor(
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
  ) {}

  async write(tx: EntityManager, { id, userId, title, text }: Note): Promise<void> {
    const sealed = await this.personal.encrypt(tx, { table: 'notes', id, userId }, { title, text });
    await tx.query('INSERT INTO notes (id, user_id, title, text) VALUES ($1, $2, $3, $4)', [
      id,
      userId,
      sealed.title,
      sealed.text,
    ]);
    await this.outbox.add(tx, NoteWritten({ noteId: id, userId, text }));
    await this.jobs.add(tx, Print, { noteId: id });
  }

  async read(tx: EntityManager) {
    const rows = await tx.query<{ id: string; user_id: string; title: string | null; text: string }[]>(
      'SELECT * FROM notes ORDER BY id',
    );
    return this.personal.decryptAll(
      tx,
      rows.map(({ id, user_id: userId, title, text }) => ({
        row: { table: 'notes', id, userId },
        values: { title, text },
      })),
    );
  }

  @Runs(Print)
  async print({ noteId }: PayloadOf<typeof Print>): Promise<void> {
    printed.push(noteId);
    await Promise.resolve();
  }
}

/** Notes that the job has printed. */
export const printed: string[] = [];
/** What the handler has read. */
export const heard: string[] = [];

@Consumer('readers')
class NotesHandlers {
  @Handles(NoteWritten, { decrypt: true })
  written({ data }: EventOf<typeof NoteWritten>) {
    heard.push(data.text);
  }
}

@Module({
  imports: [PersonErasureModule.saying(DiaryPersonErased)],
  controllers: [NotesHandlers],
  providers: [Notes],
})
class DiaryModule {}

export const diaryApp = defineApp({
  name: 'diary',
  module: DiaryModule,
  config: z.object({}),
  entities: [],
  migrations: [CreateNotes1764100000000],
  dataMap: {
    notes: {
      purpose: 'To be read again.',
      retention: 'For good.',
      erasure: 'delete row',
      person: 'user_id',
      columns: { title: 'Encrypted.', text: 'Encrypted.' },
    },
    pictures: {
      purpose: 'What notes are about.',
      retention: 'As long as the note.',
      erasure: 'delete row',
      person: { column: 'note_id', of: 'notes' },
      columns: { description: 'In words of the operator.' },
    },
    bills: {
      purpose: 'What was paid.',
      retention: 'Ten years.',
      erasure: 'keep under tombstone',
      person: 'user_id',
      others: { paid_by: 'clear', sent_to: 'keep under tombstone' },
      columns: {},
    },
  },
  port: 0,
});
