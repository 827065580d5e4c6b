import { Module, type Type } from '@nestjs/common';
import { createTestDatabase, dataMapProblems, startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { diaryApp, DiaryPersonErased, NoteWritten, Notes } from '../test/diary.app';
import { defineApp } from './define-app';
import { Erasure } from './erasure';
import { PersonErasureModule } from './erasure.module';

const aNote = (userId: string) => ({ id: uuidv7(), userId, title: null, text: 'a peculiar zebra' });

describe('the erasure of a person', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp(diaryApp, { events: [NoteWritten] });
  });
  afterEach(() => app.stop());

  const rows = (sql: string, parameters: unknown[] = []) => app.service.db.query<unknown[]>(sql, parameters);
  const erasure = () => app.service.nest.get(Erasure);
  const run = () => ({ signal: new AbortController().signal, isLastAttempt: false });
  const erase = (userId: string) => erasure().erase({ erasureId: uuidv7(), userId }, run(), () => Promise.resolve());
  const write = async (userId: string) => {
    const note = aNote(userId);
    await app.service.db.transaction((tx) => app.service.nest.get(Notes).write(tx, note));
    await rows('INSERT INTO pictures (note_id) VALUES ($1)', [note.id]);
    await rows('INSERT INTO bills VALUES ($1, 250)', [userId]);
  };

  it('does to each table what the data map says, and leaves others alone', async () => {
    expect(await dataMapProblems(app, diaryApp)).toEqual([]);
    const [gone, stays] = [uuidv7(), uuidv7()];
    for (const userId of [gone, gone, stays]) await write(userId);
    await erase(gone);
    expect(await rows('SELECT user_id FROM notes')).toEqual([{ user_id: stays }]);
    expect(await rows('SELECT FROM pictures')).toHaveLength(1);
    // Those of one person stay together, under a name that says nothing.
    const bills = (await rows('SELECT user_id, sum(cents)::int AS cents FROM bills GROUP BY 1')) as {
      user_id: string;
    }[];
    expect(bills).toEqual(expect.arrayContaining([{ user_id: stays, cents: 250 }]));
    expect(bills.find((bill) => bill.user_id !== stays)).toMatchObject({ cents: 500 });
    expect(bills.some((bill) => bill.user_id === gone)).toBe(false);
  });

  it('does to rows of others that name the person what the data map says', async () => {
    const [gone, stays] = [uuidv7(), uuidv7()];
    await rows('INSERT INTO bills VALUES ($1, 1, $2, $2), ($1, 2, $1, $1)', [stays, gone]);
    await erase(gone);
    expect(await rows('SELECT user_id, cents, paid_by, sent_to FROM bills ORDER BY cents')).toEqual([
      { user_id: stays, cents: 1, paid_by: null, sent_to: expect.not.stringContaining(gone) },
      { user_id: stays, cents: 2, paid_by: stays, sent_to: stays },
    ]);
  });

  it('takes events away that wait or were given up, and kept answers, but not the word that somebody is erased', async () => {
    const [gone, stays] = [uuidv7(), uuidv7()];
    for (const userId of [gone, stays])
      for (const type of ['diary.note.written.v1', 'diary.person.erased.v1'])
        await rows(
          `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, attempts, due_at, error, reason)
           VALUES ('readers', $1, $2, $3, $4, 'dead', 1, now(), '', 'failed')`,
          [uuidv7(), type, userId, JSON.stringify({ data: { userId } })],
        );
    await rows(
      `INSERT INTO idempotency_keys SELECT 'person:' || p, 'r', 'k', '', '', now() FROM unnest($1::text[]) p`,
      [[gone, stays]],
    );
    await erase(gone);
    expect(await rows('SELECT type FROM parked_events WHERE subject = $1', [gone])).toEqual([
      { type: 'diary.person.erased.v1' },
    ]);
    expect(await rows('SELECT FROM parked_events WHERE subject = $1', [stays])).toHaveLength(2);
    expect(await rows('SELECT principal FROM idempotency_keys')).toEqual([{ principal: `person:${stays}` }]);
  });

  it('is begun again when a step of a feature fails, and done once more for what was under way', async () => {
    const [userId, done] = [uuidv7(), [] as string[]];
    await write(userId);
    erasure().add({
      before: () => (done.push('files'), done.length === 1 ? Promise.reject(new Error('no disk')) : Promise.resolve()),
      rows: () => (done.push('rows'), Promise.resolve()),
    });
    await expect(erase(userId)).rejects.toThrow('no disk');
    expect(await rows('SELECT FROM notes')).toHaveLength(1);
    await erase(userId);
    expect(done).toEqual(['files', 'files', 'rows']);
    const again = `SELECT run_at > now() AS later FROM diary_jobs.jobs WHERE task_identifier = 'erase-person-again'`;
    expect(await rows(again)).toEqual([{ later: true }]);
    await rows('INSERT INTO notes (id, user_id, text) VALUES ($1, $2, $3)', [uuidv7(), userId, 'late']);
    await erasure().eraseAgain({ erasureId: uuidv7(), userId }, new AbortController().signal);
    await until(async () => (await rows('SELECT FROM notes')).length === 0, { what: 'the second time' });
  });
});

describe('a service whose data map names persons', () => {
  @Module({})
  class WithoutErasure {}

  @Module({ imports: [PersonErasureModule.saying(DiaryPersonErased)] })
  class WithErasure {}

  const starting = async (module: Type, name: string) => {
    const database = await createTestDatabase();
    return startApp(defineApp({ ...diaryApp, name, module }), { database }).finally(() => database.drop());
  };

  it('does not start when nothing in it erases them', async () => {
    await expect(starting(WithoutErasure, 'diary')).rejects.toThrow(
      "diary: by its data map notes, pictures, bills hold what belongs to persons, and nothing erases it: import PersonErasureModule.saying(…) with the event of definePersonErased('diary')",
    );
  });

  it('does not start when it says that another service has erased them', async () => {
    await expect(starting(WithErasure, 'journal')).rejects.toThrow(
      "journal says diary.person.erased.v1 of persons it has erased: it is definePersonErased('journal') that it has to say",
    );
  });
});
