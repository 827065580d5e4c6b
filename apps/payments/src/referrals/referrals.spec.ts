import {
  CreateMyLink,
  EndMyLink,
  IdentityLinked,
  ListMyLinks,
  type Actor,
  ReadMyReferrals,
  UseReferral,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, TestShop } from '../../test/build';

let shop: TestShop;
beforeAll(async () => {
  shop = await TestShop.start();
  await shop.terms({ referrals: {} });
});
afterAll(() => shop.app.stop());

const mine = (actor: Actor) => shop.app.gateway.call(ReadMyReferrals, { query: { botId: BOT } }, { actor });
const codeOf = async (actor: Actor) => (await mine(actor)).link.code;
const use = (actor: Actor, code: string) =>
  shop.app.gateway.call(UseReferral, { body: { botId: BOT, code }, idempotencyKey: uuidv7() }, { actor });
const refusal = (code: string) => ({ problem: { code: `payments.${code}` } });
const inviterOf = async ({ id }: Actor) => {
  const rows = await shop.app.service.db.query<{ inviter: string | null }[]>(
    `SELECT inviter_id AS inviter FROM referrals WHERE user_id = $1`,
    [id],
  );
  return rows[0]?.inviter;
};

describe('the link of a person', () => {
  it('is one for each bot, and says what they get', async () => {
    const ann = shop.person();
    const [first, again] = await Promise.all([mine(ann), mine(ann)]);
    expect(again.link.code).toBe(first.link.code);
    expect(first).toMatchObject({ percents: [20, 5, 1], holdDays: 14, paying: 0, pending: [], earned: [] });
    const startParameter = `ref_${first.link.code}`;
    expect(first.link).toMatchObject({
      startParameter,
      url: `https://t.me/shop_bot?start=${startParameter}`,
      invited: 0,
    });
  });

  it('is none with a bot that rewards nobody', async () => {
    const other = shop.app.gateway.call(ReadMyReferrals, { query: { botId: 'other' } }, { actor: shop.person() });
    await expect(other).rejects.toMatchObject(refusal('no_referrals'));
  });
});

describe('who has brought somebody', () => {
  it('is told by the link through which they wrote first', async () => {
    const [ann, ben] = [shop.person(), shop.person()];
    await shop.meets(ben, (await mine(ann)).link.startParameter);
    expect(await inviterOf(ben)).toBe(ann.id);
    expect((await mine(ann)).link.invited).toBe(1);
  });

  it('is told once, by whichever link they come later', async () => {
    const [ann, ben, eve] = [shop.person(), shop.person(), shop.person()];
    await shop.meets(ben, (await mine(ann)).link.startParameter);
    await expect(use(ben, await codeOf(eve))).rejects.toMatchObject(refusal('referral_not_new'));
    expect(await use(ben, await codeOf(ann))).toEqual({ counted: false });
    expect(await inviterOf(ben)).toBe(ann.id);
    expect((await mine(ann)).link.invited).toBe(1);
  });

  it('can be said by a code soon after they came by themselves, in small letters too', async () => {
    const [ann, ben] = [shop.person(), shop.person()];
    await shop.meets(ben);
    const code = (await codeOf(ann)).toLowerCase();
    const counted = await Promise.all([1, 2, 3].map(() => use(ben, code)));
    expect(counted.filter((one) => one.counted)).toHaveLength(1);
    expect(await inviterOf(ben)).toBe(ann.id);
  });

  it('cannot be said later', async () => {
    const [ann, ben] = [shop.person(), shop.person()];
    await shop.meets(ben);
    await shop.later(73 * 3_600_000);
    await expect(use(ben, await codeOf(ann))).rejects.toMatchObject(refusal('referral_not_new'));
  });

  it('cannot be said by who has paid already', async () => {
    const [ann, ben] = [shop.person(), shop.person()];
    await shop.buy(ben, { wanted: { kind: 'top-up', amountMinor: 1000 } });
    await expect(use(ben, await codeOf(ann))).rejects.toMatchObject(refusal('referral_not_new'));
    await shop.meets(ben, (await mine(ann)).link.startParameter);
    expect(await inviterOf(ben)).toBeNull();
  });

  it('is nobody for a code that nobody has', async () => {
    await expect(use(shop.person(), 'NOBODYS')).rejects.toMatchObject(refusal('referral_not_found'));
    const ben = shop.person();
    await shop.meets(ben, 'ref_NOBODYS');
    expect(await inviterOf(ben)).toBeNull();
  });
});

describe('nobody brings', () => {
  it('themselves', async () => {
    const ann = shop.person();
    await expect(use(ann, await codeOf(ann))).rejects.toMatchObject(refusal('referral_own'));
  });

  it('another account of their own, which is known by what they were known by', async () => {
    const [ann, other] = [shop.person(), shop.person()];
    for (const { id: userId } of [ann, other]) {
      const identity = { identityId: uuidv7(), userId, channel: 'email', externalId: `${ann.id}@mail.example` };
      await shop.app.probe.say(IdentityLinked({ ...identity, linkedAt: new Date().toISOString() }));
    }
    const known = `SELECT FROM identities WHERE user_id = ANY($1)`;
    await until(async () => (await shop.app.service.db.query<unknown[]>(known, [[ann.id, other.id]])).length === 2, {
      what: 'both to be known',
    });
    await expect(use(other, await codeOf(ann))).rejects.toMatchObject(refusal('referral_own'));
  });

  it('more people in a day than the terms allow', async () => {
    await shop.terms({ referrals: { maxPerDay: 2 } });
    const [ann, late] = [shop.person(), shop.person()];
    const code = await codeOf(ann);
    const used = await Promise.allSettled(Array.from({ length: 6 }, () => use(shop.person(), code)));
    expect(used.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    await expect(use(late, code)).rejects.toMatchObject(refusal('referral_limit'));
    expect((await mine(ann)).link.invited).toBe(2);
    await shop.later(25 * 3_600_000);
    expect(await use(late, code)).toEqual({ counted: true });
    await shop.terms({ referrals: { maxPerDay: 20 } });
  });

  it('anybody, of ten who bring each other in a circle', async () => {
    const fakes = Array.from({ length: 10 }, () => shop.person());
    const codes = await Promise.all(fakes.map(codeOf));
    for (const [i, fake] of fakes.entries()) await use(fake, codes[(i + 1) % fakes.length]!);
    for (const fake of fakes) expect((await mine(fake)).link.invited).toBe(0);
    const counted = `SELECT FROM referrals WHERE user_id = ANY($1) AND refused IS NULL`;
    expect(await shop.app.service.db.query(counted, [fakes.map(({ id }) => id)])).toEqual([]);
  });

  it('anybody, of two who bring each other at the same moment', async () => {
    const [ann, ben] = [shop.person(), shop.person()];
    const [first, second] = [await codeOf(ann), await codeOf(ben)];
    await Promise.all([use(ann, second), use(ben, first)]);
    for (const one of [ann, ben]) expect((await mine(one)).link.invited).toBe(0);
  });
});

describe('links beside that', () => {
  const add = (actor: Actor, label: string) =>
    shop.app.gateway.call(CreateMyLink, { body: { botId: BOT, label }, idempotencyKey: uuidv7() }, { actor });

  it('are for partners', async () => {
    await expect(add(shop.person(), 'blog')).rejects.toMatchObject(refusal('not_a_partner'));
  });

  it('count each for itself, until they are ended', async () => {
    const ann = shop.person();
    await shop.app.service.db.query(
      `INSERT INTO partners (bot_id, user_id, percents, every_payment, since, revision) VALUES ($1, $2, '{30}', true, now(), 1)`,
      [BOT, ann.id],
    );
    const [blog, video] = [await add(ann, 'blog'), await add(ann, 'video')];
    await expect(add(ann, 'blog')).rejects.toMatchObject(refusal('link_exists'));
    const [ben, eve] = [shop.person(), shop.person()];
    await shop.meets(ben, blog.startParameter);
    await shop.app.gateway.call(EndMyLink, { params: { linkId: video.id } }, { actor: ann });
    await shop.meets(eve, video.startParameter);
    const { data } = await shop.app.gateway.call(ListMyLinks, { query: { botId: BOT } }, { actor: ann });
    expect(data.map(({ label, invited }) => [label, invited])).toEqual([
      ['video', 0],
      ['blog', 1],
    ]);
    expect((await mine(ann)).percents).toEqual([30]);
    const foreign = shop.app.gateway.call(EndMyLink, { params: { linkId: blog.id } }, { actor: eve });
    await expect(foreign).rejects.toMatchObject(refusal('link_not_found'));
  });
});
