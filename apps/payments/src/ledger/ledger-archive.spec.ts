import {
  AuditEntryAppendRequested,
  ImportLedgerMonth,
  ListLedgerEntries,
  ListLedgerMonths,
  ReadTrialBalance,
} from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { erasePerson, until } from '@switchboard/testing';
import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { v7 as uuidv7 } from 'uuid';
import { TestShop } from '../../test/build';
import { LedgerArchive } from './ledger-archive.service';
import { type LedgerMonth } from './ledger-month.entity';
import { LedgerPartitions } from './ledger-partitions';
import { LedgerReports } from './ledger-reports.service';
import { LedgerService } from './ledger.service';

const DAY_MS = 86_400_000;
const forever = new AbortController().signal;

let shop: TestShop;
let archive: LedgerArchive;
let first: string;
const [anna, bert] = [uuidv7(), uuidv7()];
beforeAll(async () => {
  shop = await TestShop.start();
  archive = shop.app.service.nest.get(LedgerArchive, { strict: false });
  first = shop.app.clock.now().toISOString().slice(0, 7);
  await book(anna, 700);
  await book(bert, 300);
});
afterAll(() => shop.app.stop());

const partitions = () => shop.app.service.nest.get(LedgerPartitions, { strict: false });
const book = (userId: string, amountMinor: number) =>
  shop.app.service.db.transaction((tx) =>
    shop.app.service.nest.get(LedgerService, { strict: false }).book(tx, {
      ...{ key: uuidv7(), reason: 'payment', currency: 'RUB', userId },
      transfers: [{ from: 'provider:pretended', to: 'customer', amountMinor }],
    }),
  );
const accounts = async () => (await shop.app.gateway.call(ReadTrialBalance, {})).accounts;
const months = async () => (await shop.app.gateway.call(ListLedgerMonths, {})).data;
const month = async (name = first) => (await months()).find(({ month }) => month === name);
const entriesOf = async (userId: string) =>
  (await shop.app.gateway.call(ListLedgerEntries, { query: { userId } })).data;
const imported = (name = first) => shop.app.gateway.call(ImportLedgerMonth, { params: { month: name } });
const files = async () => {
  const [row] = await shop.app.service.db.query<LedgerMonth[]>('SELECT files FROM ledger_months WHERE month = $1', [
    `${first}-01`,
  ]);
  return row!.files;
};
const leftovers = async () => {
  const rows = await shop.app.service.db.query<{ leftovers: string[] }[]>('SELECT leftovers FROM ledger_months');
  return rows.flatMap((row) => row.leftovers);
};
const storage = () => shop.app.service.nest.get<MediaStorage>(MEDIA_STORAGE, { strict: false });
const imbalances = () =>
  shop.app.service.nest.get(LedgerReports, { strict: false }).imbalances(shop.app.service.db.manager);
const pass = async () => {
  await archive.close();
  await archive.archiveDue(forever);
};

it('a month is summed up once it is over, and the sums are those of its entries', async () => {
  const before = await accounts();
  await pass();
  expect(await months()).toEqual([]);
  shop.app.clock.advance(33 * DAY_MS);
  await partitions().makeAhead();
  await Promise.all([archive.close(), archive.close()]);
  expect(await month()).toMatchObject({ entries: 2, state: 'stored', bytes: 0, heldUntil: null });
  expect(await accounts()).toEqual(before);
  await book(anna, 50);
  const change = ({ account, amountMinor, ...rest }: (typeof before)[number]) => ({
    ...{ ...rest, account },
    amountMinor: amountMinor + (account === 'customer' ? 50 : -50),
  });
  expect(await accounts()).toEqual(before.map(change));
});

it('an old month goes to storage, where nobody is named, and the books are the same as before', async () => {
  shop.app.clock.advance(38 * 30.5 * DAY_MS);
  await partitions().makeAhead();
  const before = await accounts();
  expect(await entriesOf(bert)).toHaveLength(1);
  await pass();
  expect(await month()).toMatchObject({ entries: 2, state: 'archived' });
  expect(await accounts()).toEqual(before);
  expect(await imbalances()).toBe(0);
  expect(await entriesOf(bert)).toEqual([]);
  expect(await entriesOf(anna)).toHaveLength(0);
  const [file] = await files();
  const lines = gunzipSync(await buffer((await storage().open(file!.key))!.body)).toString();
  expect(lines).toContain('"amount_minor":700');
  expect(lines).not.toContain(anna);
  await pass();
  expect((await month())!.state).toBe('archived');
});

it('comes back when somebody asks, as it was but for those who were erased, and leaves again after its time', async () => {
  const before = await accounts();
  await erasePerson(shop.app, bert);
  expect(await imported()).toMatchObject({ month: first, state: 'importing' });
  await until(async () => (await month())!.state === 'stored', { what: 'the month being back' });
  expect(await entriesOf(anna)).toHaveLength(1);
  expect(await entriesOf(bert)).toEqual([]);
  expect(await accounts()).toEqual(before);
  // Asked for once more it stays as it is.
  expect(await imported()).toMatchObject({ state: 'stored' });
  shop.app.clock.advance(29 * DAY_MS);
  await partitions().makeAhead();
  await pass();
  expect((await month())!.state).toBe('stored');
  shop.app.clock.advance(3 * DAY_MS);
  await pass();
  expect((await month())!.state).toBe('archived');
  expect(await accounts()).toEqual(before);
});

it('a file that was damaged is not brought back, and the month stays as it is', async () => {
  const [file] = await files();
  const whole = await buffer((await storage().open(file!.key))!.body);
  await storage().put(file!.key, Buffer.from('nothing'), { contentType: 'application/gzip' });
  await imported();
  await expect(archive.import(`${first}-01`, forever)).rejects.toThrow('in place of');
  expect((await month())!.state).toBe('importing');
  await storage().put(file!.key, whole, { contentType: 'application/gzip' });
  await archive.import(`${first}-01`, forever);
  expect((await month())!.state).toBe('stored');
});

it('a process starts while partitions are changed, where it has those it needs', async () => {
  await partitions().alone(() => partitions().makeAhead());
});

it('a month that somebody brings back or holds while it is written stays, and nothing of the writing does', async () => {
  const before = await files();
  shop.app.clock.advance(40 * DAY_MS);
  await partitions().makeAhead();
  const keys: string[] = [];
  const original = storage().put.bind(storage());
  const put = jest.spyOn(storage(), 'put').mockImplementationOnce(async (key, ...rest) => {
    keys.push(key);
    await imported();
    return original(key, ...rest);
  });
  await pass();
  expect(await month()).toMatchObject({ state: 'stored' });
  expect((await month())!.heldUntil).not.toBeNull();
  expect(await files()).toEqual(before);
  expect(await storage().open(keys[0]!)).toBeUndefined();

  // The job has to stop: likewise.
  shop.app.clock.advance(40 * DAY_MS);
  await partitions().makeAhead();
  const stopped = new AbortController();
  put.mockImplementationOnce(async (key, ...rest) => {
    keys.push(key);
    stopped.abort();
    return original(key, ...rest);
  });
  await expect(archive.archiveDue(stopped.signal)).rejects.toThrow();
  put.mockRestore();
  expect(await month()).toMatchObject({ state: 'stored' });
  expect(await storage().open(keys[1]!)).toBeUndefined();
});

it('two runs beside each other leave one whole month in storage, also when one comes late', async () => {
  const before = await accounts();
  // One that would wait for the other for longer leaves it to the next night.
  const runs = await Promise.allSettled([archive.archiveDue(forever), archive.archiveDue(forever)]);
  const failed = runs.flatMap((run) => (run.status === 'rejected' ? [String(run.reason)] : []));
  expect(failed.length).toBeLessThan(2);
  for (const why of failed) expect(why).toMatch(/lock timeout/);
  expect(await month()).toMatchObject({ state: 'archived' });
  const written = await files();
  expect(written).toEqual([expect.objectContaining({ entries: 2 })]);
  await archive['archive'](`${first}-01`, forever);
  expect(await files()).toEqual(written);
  expect(await storage().exists(written[0]!.key)).toBe(true);
  expect(await leftovers()).toEqual([]);
  await imported();
  await until(async () => (await month())!.state === 'stored', { what: 'the month being back' });
  expect(await accounts()).toEqual(before);
  const asked = shop.app.probe.all(AuditEntryAppendRequested).at(-1)!;
  expect(asked.data).toMatchObject({ action: ImportLedgerMonth.id, resourceType: 'ledger-month', resourceId: first });
});

it('what it lay in before is deleted when it is written again, and what a killed process has left', async () => {
  const [before] = await files();
  shop.app.clock.advance(40 * DAY_MS);
  await partitions().makeAhead();
  const written: string[] = [];
  const put = jest.spyOn(storage(), 'put').mockImplementationOnce((key) => {
    written.push(key);
    // Killed while it is written: nothing is tidied up.
    jest.spyOn(archive as unknown as { discard: () => Promise<void> }, 'discard').mockResolvedValueOnce();
    return Promise.reject(new Error('killed'));
  });
  await expect(archive.archiveDue(forever)).rejects.toThrow('killed');
  put.mockRestore();
  await storage().put(written[0]!, Buffer.from('a part'), { contentType: 'application/gzip' });
  expect(await leftovers()).toEqual(written);
  await archive.archiveDue(forever);
  expect(await month()).toMatchObject({ state: 'archived' });
  expect(await storage().exists(before!.key)).toBe(false);
  // It may be one that is under way still.
  expect(await storage().exists(written[0]!)).toBe(true);
  shop.app.clock.advance(DAY_MS);
  await archive.archiveDue(forever);
  expect(await storage().exists(written[0]!)).toBe(false);
  expect(await leftovers()).toEqual([]);
  await imported();
  await until(async () => (await month())!.state === 'stored', { what: 'the month being back' });
});

it('a month that is not closed is not found', async () => {
  await expect(imported('2020-01')).rejects.toMatchObject({ problem: { code: 'payments.ledger_month_not_found' } });
});

it('entries that the sums do not know keep a month in the database', async () => {
  const { db } = shop.app.service;
  await db.query(
    `INSERT INTO ledger_entries SELECT gen_random_uuid(), gen_random_uuid(), booked_at, 'past the ledger', reason, from_account, to_account,
       1, currency, user_id, order_id FROM ledger_entries ORDER BY booked_at LIMIT 1`,
  );
  const second = (await months()).find(({ entries }) => entries === 1)!.month;
  await imported(second);
  await until(async () => (await month(second))!.state === 'stored', { what: 'another month being back' });
  shop.app.clock.advance(40 * DAY_MS);
  await partitions().makeAhead();
  await expect(pass()).rejects.toThrow('are not those');
  expect((await month())!.state).toBe('stored');
  // And none but that one.
  expect((await month(second))!.state).toBe('archived');
});
