import { dataMapProblems, startApp, type TestApp } from '@switchboard/testing';
import { diaryApp } from '../test/diary.app';
import type { DataMap } from './data-map';

describe('a data map held against the database', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(diaryApp);
    await app.service.db.query(`CREATE TABLE moods (author uuid, mood jsonb, tags text[], at timestamptz, score int)`);
  });
  afterAll(() => app.stop());

  const diary = diaryApp.dataMap!;
  const moods: DataMap[string] = {
    purpose: 'For the chart.',
    retention: 'A year.',
    erasure: 'delete row',
    person: 'author',
    columns: { mood: 'How the person feels.', tags: 'The same in words.' },
  };
  const problems = (dataMap?: DataMap) => {
    const { dataMap: _, ...unmapped } = diaryApp;
    return dataMapProblems(app, dataMap ? { ...unmapped, dataMap } : unmapped);
  };

  it('tells what the map does not say', async () => {
    expect(await problems(diary)).toEqual(['moods is not in the data map']);
    expect(
      await problems({ ...diary, moods: { ...moods, erasure: 'not personal', person: undefined!, columns: {} } }),
    ).toEqual([
      'moods.author (uuid): the data map does not say of what it is the id; of a person, in `others`',
      'moods.mood (jsonb): the data map does not say what it holds',
      'moods.tags (_text): the data map does not say what it holds',
    ]);
    expect(await problems()).toEqual(['diary has no data map']);
  });

  it('tells what is no longer there', async () => {
    expect(
      await problems({
        ...diary,
        dreams: moods,
        moods: {
          ...moods,
          erasure: 'not personal',
          person: undefined!,
          columns: { ...moods.columns, author: '-', colour: '-' },
        },
      }),
    ).toEqual([
      'dreams is in the data map and not in the database',
      'moods.colour is in the data map and not in the database',
    ]);
  });

  it('asks of each id whether it is that of another person', async () => {
    const unowned = { ...moods, erasure: 'not personal' as const, person: undefined! };
    expect(await problems({ ...diary, moods: unowned })).toEqual([
      'moods.author (uuid): the data map does not say of what it is the id; of a person, in `others`',
    ]);
    expect(await problems({ ...diary, moods: { ...unowned, others: { author: 'clear' } } })).toEqual([]);
    expect(await problems({ ...diary, moods: { ...unowned, others: { author: 'clear', reader: 'clear' } } })).toEqual([
      'moods has no column reader that names another person',
    ]);
  });

  it('tells which rows would not be found by way of the row they refer to', async () => {
    const through = (of: string) => problems({ ...diary, moods: { ...moods, person: { column: 'author', of } } });
    expect(await through('dreams')).toContain('moods refers to rows of dreams, which is not in the data map');
    expect(await through('pictures')).toContain(
      'moods refers to rows of pictures, and the data map does not say by a column whose those are',
    );
    expect(await through('bills')).toContain('moods refers to rows of bills, which has no column id');
  });

  it('tells which rows of persons anybody could read', async () => {
    expect(await problems({ ...diary, moods })).toEqual([
      'moods is personal and its rows are not kept apart: see personalTable',
    ]);
    const explained = { ...moods, columns: { ...moods.columns, author: '-' } };
    expect(await problems({ ...diary, moods: { ...explained, person: 'user_id' } })).toEqual([
      'moods has no column user_id that says whose a row is',
    ]);
    expect(await problems({ ...diary, moods: { ...explained, person: undefined! } })).toEqual([
      'moods is personal and does not say whose a row is',
    ]);
  });
});
