import { FEATURES, type Features, ReadEntitlements } from '@switchboard/contracts';
import { FakeClock, PretendedService, Refusal } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import type { BotsRegistry } from './bots-registry';
import { Entitlements } from './entitlements';
import { ServiceClient } from './http/service-client';
import { generateIdentityKeys, ServiceIdentity } from './http/service-identity';
import { createLog } from './log';

const FREE: Features = { [FEATURES.chatBudget]: 20_000, 'pets.slots': 1 };
const LEVELS: Record<string, Features> = {
  plus: { [FEATURES.chatBudget]: 100_000, 'chat.voices': true },
  family: { [FEATURES.chatBudget]: null, 'pets.slots': 5 },
};

describe('what people may have', () => {
  let payments: PretendedService;
  let entitlements: Entitlements;
  const clock = new FakeClock();
  /** By person; whoever is not named pays for nothing. */
  const levels = new Map<string, string>();
  let isAway = false;

  beforeAll(async () => {
    payments = await PretendedService.start('payments');
    payments.on(ReadEntitlements, ({ params: { userId } }) => {
      if (isAway) throw new Refusal(503, 'unavailable');
      const level = levels.get(userId) ?? null;
      return { level, features: level ? LEVELS[level]! : {}, until: null, revision: 1 };
    });
  });
  afterAll(() => payments.stop());

  beforeEach(async () => {
    isAway = false;
    const identity = new ServiceIdentity('chat-ai', await generateIdentityKeys(['chat-ai']));
    const client = new ServiceClient(identity, new Map([['payments', payments.url]]), new Registry());
    const bots = { find: (id: string) => ({ shop: { freeFeatures: FREE }, library: {} })[id] };
    const log = createLog({ level: 'silent', format: 'json' });
    entitlements = new Entitlements(client, bots as unknown as BotsRegistry, clock, log);
  });

  const asked = (userId: string) =>
    payments.askedFor(ReadEntitlements).filter(({ params }) => params.userId === userId).length;
  const someone = (level?: string) => {
    const userId = uuidv7();
    if (level) levels.set(userId, level);
    return userId;
  };

  it.each([
    ['nothing', undefined, { level: null, features: FREE }],
    ['plus', 'plus', { level: 'plus', features: { ...FREE, ...LEVELS['plus'] } }],
    ['family', 'family', { level: 'family', features: { ...FREE, ...LEVELS['family'] } }],
  ])('is by what they pay for: %s', async (_, level, expected) => {
    expect(await entitlements.of(someone(level), 'shop')).toEqual(expected);
  });

  it('is held to nothing in a bot that sells nothing, and payments is not asked', async () => {
    const anna = someone('plus');
    expect(await entitlements.of(anna, 'library')).toEqual({ level: null, features: {} });
    expect(asked(anna)).toBe(0);
  });

  it('is asked for once by many who want to know at the same time, and again after seconds', async () => {
    const anna = someone();
    const budget = () => entitlements.feature(anna, 'shop', FEATURES.chatBudget);
    expect(await Promise.all(Array.from({ length: 20 }, budget))).toEqual(Array.from({ length: 20 }, () => 20_000));
    expect(asked(anna)).toBe(1);
    levels.set(anna, 'plus');
    expect(await budget()).toBe(20_000);
    clock.advance(4000);
    expect(await budget()).toBe(100_000);
    levels.delete(anna);
    clock.advance(4000);
    expect(await budget()).toBe(20_000);
  });

  it('is as it was known last while payments is away, for a day, and free for whoever is new', async () => {
    const [anna, igor] = [someone('family'), someone('family')];
    const level = async (userId: string) => (await entitlements.of(userId, 'shop')).level;
    expect(await level(anna)).toBe('family');
    isAway = true;
    clock.advance(23 * 3_600_000);
    expect([await level(anna), await level(igor)]).toEqual(['family', null]);
    const tried = asked(anna);
    expect(await level(anna)).toBe('family');
    // Whoever is away is not asked at every turn.
    expect(asked(anna)).toBe(tried);
    clock.advance(3_600_000);
    expect(await level(anna)).toBeNull();
    isAway = false;
    clock.advance(4000);
    expect([await level(anna), await level(igor)]).toEqual(['family', 'family']);
  });
});
