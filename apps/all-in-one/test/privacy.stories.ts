import { PersonalData, type PersonalRow, schemaOf } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { services } from '../src/services';
import { externalHash, type Installation } from './installation';
import { type Overheard, overhear } from './overheard';
import { Person } from './person';

/** What people say and are called, each word nowhere else in the world. */
const WORDS = {
  firstName: 'Zyxolith',
  deepLink: 'quibberjast',
  said: 'vorpelnack',
  edited: 'wumpledrift',
  answered: 'glimmerfax',
  caption: 'trundlewisp',
  fileName: 'snorkelbaum',
  spoken: 'hummelgrove',
  saidInGroup: 'fizzlethorn',
  quoted: 'brambleoak',
  failed: 'krimpelwood',
} as const;

/** The same for somebody who wants to be forgotten. */
const FORGOTTEN = {
  firstName: 'Quillivane',
  said: 'mottlebeck',
  answered: 'sprindlewick',
  saidInGroup: 'drumblethorpe',
} as const;
/** Each has to erase them. */
const keepingPersons = services
  .filter(({ dataMap = {} }) => Object.values(dataMap).some(({ person }) => person))
  .map(({ name }) => name);
const FILE = 'the bytes of a plan for tarnwhistle';

/** Values that keys of persons have encrypted, as a backup would hold them. */
interface Sealed {
  readonly service: string;
  readonly row: PersonalRow;
  readonly values: Record<string, string | null>;
}
const SEALED = [
  ['bot-adapter', 'contacts', ['profile']],
  ['bot-adapter', 'chats', ['external_id']],
  ['bot-adapter', 'deliveries', ['content']],
  ['bot-adapter', 'media', ['external_id']],
  ['chat-ai', 'messages', ['text', 'sender_name']],
] as const;

/** What of a person's words lies about in the clear, and where it should not. */
export function privacyStories(installation: () => Installation): void {
  const sandbox = () => installation().sandbox;
  let overheard: Overheard;

  beforeAll(async () => {
    overheard = await overhear(installation().databaseUrl, installation().amqpUrl);
  });
  afterAll(() => overheard?.stop());

  it('no word of a person is written to a table or a queue in the clear, however it was said', async () => {
    await sandbox().script(WORDS.said, `An answer about ${WORDS.answered}.`);
    const anna = await Person.meet(sandbox(), 'en', undefined, WORDS.firstName);
    await anna.act('start', { payload: WORDS.deepLink });
    await anna.reads(/Hello/);
    await anna.say('/voice');
    await anna.press(await anna.reads(/by voice/), 'Text and voice');
    const question = await anna.say(`Tell me about ${WORDS.said}`);
    await anna.reads(new RegExp(WORDS.answered));
    const { voice } = await anna.reads(({ voice }) => voice !== undefined);
    await anna.act('edit', { messageId: question.message_id, text: `I meant ${WORDS.edited}` });
    await anna.act('send-file', {
      kind: 'document',
      base64: Buffer.from('some bytes').toString('base64'),
      fileName: `${WORDS.fileName}.pdf`,
      mimeType: 'application/pdf',
      caption: `What is ${WORDS.caption}?`,
    });
    await anna.reads(new RegExp(WORDS.caption));
    await sandbox().scriptTranscript(`I say ${WORDS.spoken}`);
    await anna.sendVoice(await sandbox().file(voice!.file_id), voice!.duration);
    await anna.reads(new RegExp(WORDS.spoken));
    const group = await anna.inGroup();
    const first = await group.say(`@lumen_bot what is ${WORDS.quoted}?`);
    await group.reads(new RegExp(WORDS.quoted));
    await group.act('say', { text: `@lumen_bot and ${WORDS.saidInGroup}?`, replyTo: first.message_id });
    await group.reads(new RegExp(WORDS.saidInGroup));
    await aDeadLetter(WORDS.failed);

    const leaks = [];
    for (const [what, word] of Object.entries(WORDS)) {
      for (const place of await overheard.placesOf(word)) leaks.push(`${what}: ${place}`);
    }
    expect(leaks).toEqual([]);
    // It did listen where words pass by.
    expect(await overheard.places()).toEqual(
      expect.arrayContaining([
        'bot_adapter.contacts',
        'bot_adapter.deliveries',
        'bot_adapter.outbox',
        'bot_adapter.parked_events',
        'bot_adapter_jobs._private_jobs',
        'chat_ai.messages',
        'chat_ai.outbox',
        'tts_worker.speech_requests',
        ...(installation().amqpUrl ? ['broker events', 'broker signals'] : []),
      ]),
    );
  }, 120_000);

  it("the channel's id of a person is written nowhere", async () => {
    const anna = await Person.meet(sandbox(), 'en');
    await anna.say('/voice');
    await anna.press(await anna.reads(/by voice/), 'Text and voice');
    await anna.say('Why is walking good?');
    await anna.reads(({ voice }) => voice !== undefined);
    const group = await anna.inGroup();
    await group.say('@lumen_bot Why is running good?');
    await group.reads(/running/);
    for (const id of [anna.id, group.chat]) expect(await overheard.placesOf(String(id))).toEqual([]);
  });

  it('who has everything deleted is found in no table and no file afterwards, and backups cannot be read', async () => {
    await sandbox().script(FORGOTTEN.said, `An answer about ${FORGOTTEN.answered}.`);
    const anna = await Person.meet(sandbox(), 'en', undefined, FORGOTTEN.firstName);
    await anna.say('/voice');
    await anna.press(await anna.reads(/by voice/), 'Text and voice');
    await anna.say(`Tell me about ${FORGOTTEN.said}`);
    const { voice } = await anna.reads(({ voice }) => voice !== undefined);
    await anna.sendVoice(Buffer.concat([await sandbox().file(voice!.file_id), Buffer.from(FILE)]), voice!.duration);
    const group = await anna.inGroup();
    await group.say(`@lumen_bot what is ${FORGOTTEN.saidInGroup}?`);
    await group.reads(new RegExp(FORGOTTEN.saidInGroup));
    // What is said while somebody is erased goes some minutes later: nothing is to be under way here.
    const spoken = async () => (await anna.answers()).filter(({ voice }) => voice !== undefined);
    await until(async () => (await spoken()).length === 2, { what: 'the answer to what was spoken being heard' });
    const [{ user_id: userId }] = (await rows('SELECT user_id FROM contacts WHERE external_hash = $1', [
      externalHash(anna.id),
    ])) as [{ user_id: string }];
    await until(async () => (await filesWith(FILE)) === 1, { what: 'the file being fetched' });
    const backup = await backupOf(userId);
    const before = await wordsIn(backup);
    for (const word of [...Object.values(FORGOTTEN), String(anna.id)]) expect(before).toContain(word);

    await anna.say('/privacy');
    await anna.press(await anna.reads(/What is kept about you/), 'Delete what you keep about me');
    await anna.press(await anna.reads(/cannot be undone/), 'Delete everything');
    await anna.reads(/is being deleted/);
    for (const service of keepingPersons) await untilErased(service, userId);

    const placesNow = async () => (await overheard.placesNow(userId)).filter((place) => !place.endsWith('.outbox'));
    // The tombstones, and that it will be done once more in a few minutes; that it was done is said just now.
    expect((await placesNow()).sort()).toEqual(
      keepingPersons
        .map(schemaOf)
        .flatMap((schema) => [`${schema}.person_keys`, `${schema}_jobs._private_jobs`])
        .sort(),
    );
    // A relay deletes what it has carried when it looks again, up to a second later.
    // That somebody was erased is remembered for a day, so that nobody empties a budget anew by it.
    const isNowhere = async (value: string) =>
      (await overheard.placesNow(value)).every((place) => place === 'bot_adapter.recent_erasures');
    await until(() => isNowhere(externalHash(anna.id)), { what: 'the hash of the id of the channel being gone' });
    for (const { row } of backup) {
      if (row.table === 'chats' || row.table === 'contacts') continue;
      await until(() => isNowhere(row.id), { what: `the row of ${row.table} being gone from everywhere` });
    }
    expect(await filesWith(FILE)).toBe(0);
    await until(async () => (await wordsIn(backup)) === '', { what: 'the erasure in every process' });
    for (const word of Object.values(FORGOTTEN)) expect(await overheard.placesOf(word)).toEqual([]);

    await anna.say('Do you remember me?');
    await anna.reads(/nothing to remember yet/);
    const [again] = await rows<{ user_id: string }>('SELECT user_id FROM contacts WHERE external_hash = $1', [
      externalHash(anna.id),
    ]);
    expect(again!.user_id).not.toBe(userId);
  }, 120_000);

  const rows = <T>(sql: string, parameters: unknown[]) => installation().rows<T>('bot-adapter', sql, parameters);

  async function backupOf(userId: string): Promise<Sealed[]> {
    const found: Sealed[] = [];
    for (const [service, table, columns] of SEALED) {
      const sql = `SELECT id, ${columns.join(', ')} FROM ${table} WHERE user_id = $1`;
      for (const { id, ...values } of await installation().rows<{ id: string }>(service, sql, [userId])) {
        found.push({ service, row: { table, id, userId }, values });
      }
    }
    return found;
  }

  /** What can be read of a backup with the keys that there are now. */
  async function wordsIn(backup: readonly Sealed[]): Promise<string> {
    const read = [];
    for (const { service, row, values } of backup) {
      const manager = installation().part(service, DataSource).manager;
      read.push(...Object.values(await installation().part(service, PersonalData).decrypt(manager, row, values)));
    }
    return read.filter((value) => value != null).join('\n');
  }

  async function filesWith(bytes: string): Promise<number> {
    const files = await readdir(installation().folder, { recursive: true, withFileTypes: true });
    const contents = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
    );
    return contents.filter((content) => content.includes(bytes)).length;
  }

  async function untilErased(service: string, userId: string): Promise<void> {
    const sql = 'SELECT FROM person_keys WHERE user_id = $1 AND erased_at IS NOT NULL';
    const isErased = async () => (await installation().rows(service, sql, [userId])).length > 0;
    await until(isErased, { what: `the erasure in ${service}`, timeoutMs: 30_000 });
  }

  /** An answer to a chat that is gone by then: nobody can deliver it. */
  async function aDeadLetter(word: string): Promise<void> {
    await sandbox().script(word, `An answer about ${word}.`);
    await sandbox().pace(1000, 4);
    const emma = await Person.meet(sandbox(), 'en');
    await emma.say(`Tell me about ${word}`);
    const chats = () =>
      installation().rows('bot-adapter', 'SELECT FROM chats WHERE external_hash = $1', [externalHash(emma.id)]);
    await until(async () => (await chats()).length > 0, { what: 'the chat' });
    await installation().rows('bot-adapter', 'DELETE FROM chats WHERE external_hash = $1', [externalHash(emma.id)]);
    const dead = () =>
      installation().rows(
        'bot-adapter',
        `SELECT FROM parked_events WHERE state = 'dead' AND envelope LIKE '%"sealedfields":"text"%'`,
      );
    await until(async () => (await dead()).length > 0, { what: 'a dead letter' });
  }
}
