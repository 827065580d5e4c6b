import {
  ApplyGoodsImport,
  ExportGoods,
  ListProducts,
  OpenGoodsImport,
  ProductChanged,
  ReadGoodsImport,
} from '@switchboard/contracts';
import { csvOf, type Row, xlsxOf } from '@switchboard/tables';
import { until } from '@switchboard/testing';
import { strToU8, zipSync } from 'fflate';
import { buffer } from 'node:stream/consumers';
import { BOT } from '../../test/build';
import { named, TestStore } from '../../test/store';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.start();
});
afterEach(async () => expect(await store.faults()).toEqual([]));
afterAll(() => store.shop.app.stop());

const HEADER = 'Код товара;Артикул;Название, русский;Вариант;Цена RUB;Остаток';
const cp1251 = (text: string) =>
  Buffer.from(
    [...text].map((letter) => {
      const code = letter.codePointAt(0)!;
      return code < 128 ? code : code === 0x451 ? 0xb8 : code === 0x401 ? 0xa8 : code - 0x410 + 0xc0;
    }),
  );
const open = (body: Buffer | string, { stock = 'keep', fileName = 'goods.csv' } = {}) => {
  const file = { fileName, contentType: 'text/csv', body: Buffer.from(body) };
  const fields = { brandId: BOT, stock: stock as 'keep' | 'set' };
  return store.shop.app.gateway.call(OpenGoodsImport, { body: { fields, file } });
};
const apply = async ({ id: importId, revision }: { id: string; revision: number }) => {
  const asked = { params: { importId }, ifMatch: `"${revision}"` };
  expect((await store.shop.app.gateway.call(ApplyGoodsImport, asked)).state).toBe('running');
  const read = () => store.shop.app.gateway.call(ReadGoodsImport, { params: { importId } });
  return until(async () => ((await read()).state === 'done' ? read() : undefined), { what: 'the import' });
};
const products = async (search: string) =>
  (await store.shop.app.gateway.call(ListProducts, { query: { brandId: BOT, search } })).data;
const exported = async (more: object = {}) => {
  const body = { brandId: BOT, format: 'csv', ...more } as const;
  return buffer((await store.shop.app.gateway.call(ExportGoods, { body })).body);
};

it('a table with semicolons, decimal commas and an old encoding says first what it would change, and then does it', async () => {
  const table = [HEADER, 'imp-tee;IMP-M;Футболка ёлка;size=m;"1 234,50";7', 'imp-tee;IMP-L;;size=l;99,00;'].join(
    '\r\n',
  );
  const checked = await open(cp1251(table), { stock: 'set' });
  expect(checked).toMatchObject({ state: 'checked', read: 2, made: 2, changed: 0, skippedRows: 0 });
  expect(await products('imp-tee')).toEqual([]);
  const done = await apply(checked);
  expect(done).toMatchObject({ made: 2, skippedRows: 0 });
  const [product] = await products('imp-tee');
  expect(product).toMatchObject({ title: named('Футболка ёлка'), options: [{ key: 'size' }] });
  expect(product!.variants.map(({ sku, prices, onHand }) => [sku, prices, onHand])).toEqual([
    ['IMP-M', { RUB: 1234_50 }, 7],
    ['IMP-L', { RUB: 99_00 }, 0],
  ]);
  await store.shop.app.probe.until(
    ProductChanged,
    ({ data }) => data.productId === product!.id && data.variants.length === 2,
  );
  await expect(apply(checked)).rejects.toMatchObject({ status: 412 });
  await expect(apply(done)).rejects.toMatchObject({ status: 409, problem: { code: 'payments.import_not_ready' } });
});

it('each row that cannot be taken says why, and keeps none of the others', async () => {
  const rows = [
    'bad;BAD-1;Кепка;;10;1',
    'bad;BAD-1;Кепка;;10;1',
    ';BAD-2;;;10;1',
    'bad;BAD-3;;;=cmd();1',
    'bad;BAD-4;;;10;1,5',
    'bad;BAD-5;;;10;-1',
    'Плохой Код;BAD-6;;;10;1',
    'bad;=1+1;;;10;1',
    'bad;BAD-7;;маленький;10;1',
    'bad;BAD-8;;;;1',
    'bad;BAD-9;;;12.50;1',
    'bad;BAD-10;;size=m;10;1',
  ];
  const checked = await open([HEADER, ...rows, ';;;;11,50;'].join('\n'));
  expect(checked.skipped.map(({ row, code }) => [row, code])).toEqual([
    [3, 'sku_twice'],
    [4, 'product_needed'],
    [5, 'price_invalid'],
    [6, 'pieces_invalid'],
    [7, 'pieces_invalid'],
    [8, 'code_invalid'],
    [9, 'sku_invalid'],
    [10, 'choice_invalid'],
    [11, 'price_needed'],
    [12, 'price_invalid'],
    [14, 'sku_invalid'],
  ]);
  expect(checked.skipped[2]).toMatchObject({ column: 'Цена RUB' });
  const done = await apply(checked);
  // What can be known only when it is done is told then.
  expect(done).toMatchObject({ made: 1, skippedRows: 12 });
  expect(done.skipped.at(-1)).toMatchObject({ row: 13, code: 'choice_unknown' });
  expect((await products('bad'))[0]!.variants.map(({ sku }) => sku)).toEqual(['BAD-1']);
});

it('what is exported can be imported again: nothing is changed, or what was changed in it', async () => {
  const { id } = await store.product({ code: 'round', title: { en: '=cmd()', ru: '+7 и "кавычки"; с точкой' } });
  const { id: variantId } = await store.variant(id, { sku: 'ROUND-1', prices: { RUB: 1050, USD: 1_99 }, weightG: 250 });
  await store.stock(variantId, 'received', 4);
  const file = await exported({ delimiter: ';', locale: 'ru' });
  const line = file
    .toString()
    .split('\r\n')
    .find((one) => one.includes('ROUND-1'))!;
  expect(line).toContain(`;'=cmd();`);
  expect(await open(file, { stock: 'set' })).toMatchObject({ made: 0, changed: 0, skippedRows: 0 });
  const cheaper = file.toString().replace(';10.5;', ';9.95;');
  const checked = await open(cheaper);
  expect(checked).toMatchObject({ made: 0, changed: 1 });
  await apply(checked);
  const [product] = await products('round');
  expect(product).toMatchObject({ title: { en: '=cmd()' }, variants: [{ prices: { RUB: 995, USD: 199 }, onHand: 4 }] });
});

it('a workbook is exported with numbers, and read as well', async () => {
  const file = await exported({ format: 'xlsx' });
  expect(await open(file, { fileName: 'goods.xlsx' })).toMatchObject({ changed: 0, skippedRows: 0 });
  const rows = async function* (): AsyncGenerator<Row> {
    yield await Promise.resolve(['XL-1', 'xl', 'A mug', 12.5]);
  };
  const columns = [{ name: 'SKU' }, { name: 'Product code' }, { name: 'Title, English' }, { name: 'Price USD' }].map(
    ({ name }, i) => ({ name, type: i < 3 ? ('text' as const) : ('number' as const) }),
  );
  const chunks: Uint8Array[] = [];
  const notes = () => ({ name: 'Notes', rows: [['nothing']] });
  for await (const chunk of xlsxOf({ columns, rows: rows(), zone: 'UTC' }, { name: 'Data', notes })) chunks.push(chunk);
  await apply(await open(Buffer.concat(chunks), { fileName: 'mugs.xlsx' }));
  expect((await products('XL-1'))[0]).toMatchObject({ variants: [{ prices: { USD: 12_50 } }] });
});

it('what was changed meanwhile is not overwritten, and what is reserved stays', async () => {
  const { id } = await store.product({ code: 'mean' });
  const { id: variantId } = await store.variant(id, { sku: 'MEAN-1' });
  await store.stock(variantId, 'received', 3);
  await store.order(store.shop.person(), { [variantId]: 2 });
  const header = 'SKU,Price RUB,Pieces';
  const low = await open([header, 'MEAN-1,1000,1'].join('\n'), { stock: 'set' });
  expect(low.skipped).toMatchObject([{ row: 2, code: 'stock_too_low' }]);
  const [one, two] = [await open([header, 'MEAN-1,1,'].join('\n')), await open([header, 'MEAN-1,2,'].join('\n'))];
  await apply(one);
  expect((await apply(two)).skipped).toMatchObject([{ row: 2, code: 'changed_elsewhere' }]);
  expect((await products('mean'))[0]!.variants[0]!.prices).toEqual({ RUB: 1_00 });
});

it.each<[string, Buffer | string, string]>([
  ['no column of SKUs', 'Name,Price RUB\nTee,5', 'payments.file_unreadable'],
  ['nothing', '', 'payments.file_unreadable'],
  ['bytes of a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0]), 'payments.file_unreadable'],
  ['an archive of something else', Buffer.from(zipSync({ 'a.txt': strToU8('a') })), 'payments.file_unreadable'],
  [
    'an archive that inflates',
    Buffer.from(zipSync({ 'xl/workbook.xml': new Uint8Array(80 * 1024 * 1024) }, { level: 9 })),
    'payments.file_too_many_rows',
  ],
  [
    'too many cells',
    ['SKU', ...Array.from({ length: 200_001 }, (_, i) => `S-${i}`)].join('\n'),
    'payments.file_too_many_rows',
  ],
])('a file with %s is refused in words', async (_, file, code) => {
  await expect(open(file)).rejects.toMatchObject({ status: 422, problem: { code } });
});

it('a long table is read in by parts', async () => {
  const rows = async function* (): AsyncGenerator<Row> {
    for (let i = 0; i < 450; i += 1)
      yield await Promise.resolve([`long-${i % 10}`, `LONG-${i}`, 'Long', `no=n${i}`, 5]);
  };
  const columns = ['Product code', 'SKU', 'Title, English', 'Variant', 'Price RUB'].map((name) => ({
    name,
    type: 'text' as const,
  }));
  const chunks: Buffer[] = [];
  for await (const chunk of csvOf({ columns, rows: rows(), zone: 'UTC' }, { delimiter: ',', bom: false }))
    chunks.push(chunk);
  expect(await apply(await open(Buffer.concat(chunks)))).toMatchObject({ made: 450, skippedRows: 0 });
  expect((await products('long-7'))[0]!.variants).toHaveLength(45);
});
