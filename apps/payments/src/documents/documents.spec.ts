import { MakeOrderDocument, ReadOrderDocument, ReadShopTerms, SetShopTerms } from '@switchboard/contracts';
import { erasePerson, tablesWith, until } from '@switchboard/testing';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { v7 as uuidv7 } from 'uuid';
import { BOT } from '../../test/build';
import { named, RECIPIENT, TestStore } from '../../test/store';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.start();
});
afterAll(() => store.shop.app.stop());

type Kind = 'invoice' | 'packing-slip';
const make = (orderId: string, kind: Kind, locale?: string) => {
  const body = { kind, ...(locale !== undefined && { locale }) };
  return store.shop.app.gateway.call(MakeOrderDocument, { params: { orderId }, body, idempotencyKey: uuidv7() });
};
const read = (orderId: string, kind: Kind) =>
  store.shop.app.gateway.call(ReadOrderDocument, { params: { orderId, kind } });

/** What a reader sees in it: in a process of its own, because the reader is no CommonJS. */
function seenIn(pdf: Buffer): { pages: number; words: string } {
  const script = `
    import { extractText, getDocumentProxy } from 'unpdf';
    import { buffer } from 'node:stream/consumers';
    const pdf = await getDocumentProxy(new Uint8Array(await buffer(process.stdin)));
    const { text } = await extractText(pdf, { mergePages: true });
    console.log(JSON.stringify({ pages: pdf.numPages, words: text.replaceAll(/\\s+/g, ' ') }));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    input: pdf,
    cwd: __dirname,
  });
  return JSON.parse(said.toString()) as { pages: number; words: string };
}

async function written(
  orderId: string,
  kind: Kind,
  locale?: string,
): Promise<{ pdf: Buffer; pages: number; words: string }> {
  const { id } = await make(orderId, kind, locale);
  const isDone = async () =>
    (await store.parcel(orderId)).documents.find((one) => one.id === id && one.state === 'done');
  const shown = (await until(isDone, { what: `the ${kind}` }))!;
  const pdf = await buffer((await read(orderId, kind)).body);
  expect(createHash('sha256').update(pdf).digest('hex')).toBe(shown.sha256);
  return { pdf, ...seenIn(pdf) };
}

async function setSeller(): Promise<void> {
  const params = { botId: BOT };
  const { referrals, gifts, revision } = await store.shop.app.gateway.call(ReadShopTerms, { params });
  const seller = { name: 'ООО «Можжевельник»', taxNumber: '7701234567', address: 'Москва', bank: ['БИК 044525225'] };
  await store.shop.app.gateway.call(SetShopTerms, {
    params,
    body: { referrals, gifts, seller },
    ifMatch: `"${revision}"`,
  });
}

it('a paper of an order is written in its language, with whom it goes to, and is read by staff alone', async () => {
  const { id: productId } = await store.product({ title: { en: 'Wool hat', ru: 'Шапка ёжик ₽' } });
  const { id: variantId } = await store.variant(productId, { sku: 'HAT-1' });
  await store.stock(variantId, 'received', 9);
  const ann = store.shop.person();
  const { id } = await store.bought(ann, { [variantId]: 2 }, { note: 'Позвоните' });
  const { number } = await store.parcel(id);
  await expect(read(id, 'invoice')).rejects.toMatchObject({ status: 404 });
  await expect(make(id, 'invoice')).rejects.toMatchObject({
    status: 409,
    problem: { code: 'payments.shop_details_missing' },
  });

  const slip = await written(id, 'packing-slip', 'ru');
  expect(slip.pdf.subarray(0, 5).toString()).toBe('%PDF-');
  for (const word of [`Упаковочный лист № ${number}`, 'Шапка ёжик ₽', 'HAT-1', RECIPIENT.name, 'Баумана', 'Позвоните'])
    expect(slip.words).toContain(word);
  expect(slip.words).not.toContain('2 000');

  await setSeller();
  const invoice = await written(id, 'invoice', 'ru');
  for (const word of ['Счёт №', 'ООО «Можжевельник»', 'ИНН 7701234567', 'БИК 044525225', '2 300 ₽', 'Оплачено'])
    expect(invoice.words.replaceAll('\u00A0', ' ')).toContain(word);
  const english = await written(id, 'invoice', 'en');
  expect(english.words).toContain('Invoice');
  expect(english.words).toContain('Wool hat');

  // Neither the database nor a person who was erased gives it away.
  expect(await tablesWith(store.shop.app, 'Баумана')).toEqual([]);
  expect(await erasePerson(store.shop.app, ann.id)).toEqual([]);
  await expect(read(id, 'invoice')).rejects.toMatchObject({ status: 404 });
  await expect(make(id, 'packing-slip')).rejects.toMatchObject({ problem: { code: 'payments.address_erased' } });
});

it('what people have written is text in it, whatever it looks like', async () => {
  const thing = await store.thing(1, { sku: 'ODD-1' });
  const recipient = { ...RECIPIENT, name: '<img src=x onerror=alert(1)>' };
  const note = '{"image": "/etc/passwd"}';
  const { id } = await store.bought(store.shop.person(), { [thing]: 1 }, { note, recipient });
  const { words } = await written(id, 'packing-slip', 'en');
  expect(words).toContain('<img src=x onerror=alert(1)>');
  expect(words).toContain('/etc/passwd');
  expect(words).not.toContain('root:');
});

it('an order of fifty lines goes on on another page', async () => {
  const ann = store.shop.person();
  const { id: productId } = await store.product({
    title: named('Длинное название товара '.repeat(6).trim()),
    options: [
      {
        key: 'no',
        title: named('No'),
        values: Array.from({ length: 50 }, (_, i) => ({ key: `n${i}`, title: named(`${i}`) })),
      },
    ],
  });
  for (let i = 0; i < 50; i += 1) {
    const { id } = await store.variant(productId, { sku: `MANY-${i}`, choice: { no: `n${i}` }, tracked: false });
    await store.setLine(ann, id, 1);
  }
  const order = await store.shop.place(ann, { wanted: await store.wanted(ann) });
  const { pages, words } = await written(order.id, 'packing-slip', 'ru');
  expect(pages).toBeGreaterThan(1);
  for (const sku of ['MANY-0', 'MANY-49']) expect(words).toContain(sku);
});
