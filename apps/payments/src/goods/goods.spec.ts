import {
  ChangeProduct,
  ChangeVariant,
  FollowGoods,
  ListProducts,
  ProductChanged,
  ReadProduct,
  ReadStore,
} from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { BOT } from '../../test/build';
import { named, TestStore } from '../../test/store';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.start({ accounts: ['branch'] });
});
afterAll(() => store.shop.app.stop());

const size = (...keys: string[]) => ({
  key: 'size',
  title: named('Size'),
  values: keys.map((key) => ({ key, title: named(key) })),
});
const refusedAs = (code: string) => ({ problem: { code } });
const change = (productId: string, revision: number, body: object) =>
  store.shop.app.gateway.call(ChangeProduct, { params: { productId }, body, ifMatch: `"${revision}"` });

it('a product is sold by variants, one of each choice and SKU, and every change of it is told', async () => {
  const { id } = await store.product({ code: 'tee', options: [size('m', 'l')] });
  await expect(store.product({ code: 'tee' })).rejects.toMatchObject(refusedAs('payments.code_taken'));
  const medium = await store.variant(id, { sku: 'TEE-M', choice: { size: 'm' } });
  expect(medium).toMatchObject({ onHand: 0, reserved: 0, tracked: true, revision: 1 });
  await expect(store.variant(id, { choice: { size: 'm' } })).rejects.toMatchObject(refusedAs('payments.choice_taken'));
  await expect(store.variant(id, { choice: { size: 'xs' } })).rejects.toMatchObject(
    refusedAs('payments.choice_unknown'),
  );
  await expect(store.variant(id, {})).rejects.toMatchObject(refusedAs('payments.choice_unknown'));
  const twin = store.variant(id, { sku: 'TEE-M', choice: { size: 'l' } });
  await expect(twin).rejects.toMatchObject(refusedAs('payments.sku_taken'));
  const { data } = await store.shop.app.probe.until(
    ProductChanged,
    (one) => one.data.productId === id && one.data.revision === 2,
  );
  expect(data.variants).toEqual([{ variantId: medium.id, sku: 'TEE-M', choice: { size: 'm' } }]);
  expect(JSON.stringify(data)).not.toContain('100000');
});

it('an option that a variant has stays, and an old sight of a product changes nothing', async () => {
  const { id } = await store.product({ options: [size('m', 'l')] });
  await store.variant(id, { choice: { size: 'l' } });
  const without = change(id, 2, { options: [size('m')] });
  await expect(without).rejects.toMatchObject({ status: 409, ...refusedAs('payments.option_in_use') });
  expect(await change(id, 2, { title: named('Shirt') })).toMatchObject({ title: named('Shirt'), revision: 3 });
  await expect(change(id, 2, { title: named('Other') })).rejects.toMatchObject({ status: 412 });
});

it('a price is changed, a variant that is archived is not shown to people, and its choice is free again', async () => {
  const { id } = await store.product({ code: 'cap', title: named('Blue cap') });
  const { id: variantId } = await store.variant(id, { sku: 'CAP-1' });
  const set = (revision: number, body: object) =>
    store.shop.app.gateway.call(ChangeVariant, {
      params: { productId: id, variantId },
      body,
      ifMatch: `"${revision}"`,
    });
  const shown = async (q: string) => {
    const asked = { query: { botId: 'branch', q } };
    return (await store.shop.app.gateway.call(ReadStore, asked, { actor: store.shop.person() })).data;
  };
  await set(1, { prices: { RUB: 5 } });
  expect((await shown('blue CAP-1'))[0]!.variants).toMatchObject([
    { id: variantId, prices: [{ currency: 'RUB', amountMinor: 5 }], availability: 'no' },
  ]);
  expect(await shown('%')).toEqual([]);
  await set(2, { archived: true });
  expect(await shown('cap')).toEqual([]);
  await store.variant(id, { sku: 'CAP-2' });
  await expect(set(3, { archived: false })).rejects.toMatchObject(refusedAs('payments.choice_taken'));
});

it('goods belong to the home of a shop, and who may see another bot alone sees none of them', async () => {
  await expect(store.product({ brandId: 'branch' })).rejects.toMatchObject(refusedAs('payments.brand_needed'));
  await expect(store.product({ brandId: 'nobody' })).rejects.toMatchObject(refusedAs('payments.bot_not_found'));
  const { id: productId } = await store.product();
  const actor = { kind: 'staff', id: 'ben', roles: [], scopes: ['*'], bots: ['another'] } as const;
  const other = { actor: { ...actor, roles: [], scopes: ['*'], bots: ['another'] } };
  const read = store.shop.app.gateway.call(ReadProduct, { params: { productId } }, other);
  await expect(read).rejects.toMatchObject({ status: 404 });
});

it('products are listed in the order in which they are shown, page by page', async () => {
  const codes = ['z-1', 'z-2', 'z-3'];
  for (const [i, code] of codes.entries()) await store.product({ code, title: named('Sorted'), position: 3 - i });
  const list = async (after?: string) =>
    store.shop.app.gateway.call(ListProducts, { query: { brandId: BOT, search: 'sorted', limit: 2, after } });
  const first = await list();
  expect(first.data.map(({ code }) => code)).toEqual(['z-3', 'z-2']);
  const next = await list(first.page.next!);
  expect(next.data.map(({ code }) => code)).toEqual(['z-1']);
  expect((await list(next.page.prev!)).data.map(({ code }) => code)).toEqual(['z-3', 'z-2']);
});

it('a service that follows goods hears of each change once, also of those made at the same time', async () => {
  const follow = (since?: string) =>
    store.shop.app.gateway.call(FollowGoods, { query: { limit: 500, ...(since !== undefined && { since }) } }, {
      caller: 'chat-ai',
    } as never);
  const before = await follow();
  expect(before.isAll).toBe(true);
  const made = await Promise.all(Array.from({ length: 8 }, () => store.product()));
  const after = await follow(before.next);
  expect(after.products.map(({ id }) => id).toSorted()).toEqual(made.map(({ id }) => id).toSorted());
  await change(made[0]!.id, 1, { archived: true });
  const last = await follow(after.next);
  expect(last.products).toMatchObject([{ id: made[0]!.id, archived: true, variants: [] }]);
  expect((await follow(last.next)).products).toEqual([]);
  const nonsense = follow(`${uuidv7()}`);
  await expect(nonsense).rejects.toMatchObject({ status: 400 });
});
