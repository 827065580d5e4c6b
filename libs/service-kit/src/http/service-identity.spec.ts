import type { Actor } from '@switchboard/contracts';
import { generateIdentityKeys, type IdentityKeys, refusalReasonOf, ServiceIdentity } from './service-identity';

const REQUEST_ID = '0199c5a0-0000-7000-8000-000000000001';
const actor = (kind: Actor['kind'], id = 'anna'): Actor => ({ kind, id, roles: ['owner'], scopes: ['*'] });

describe('identity between services', () => {
  let keys: IdentityKeys;
  let payments: ServiceIdentity;
  const token = (service: string, about?: Parameters<ServiceIdentity['tokenFor']>[1]) =>
    new ServiceIdentity(service, keys).tokenFor('payments', about);

  beforeAll(async () => {
    keys = await generateIdentityKeys(['payments', 'gateway', 'analytics', 'operator']);
    payments = new ServiceIdentity('payments', keys);
  });

  it('is accepted by the service it was made for and by no other', async () => {
    await expect(payments.verify(await token('gateway'))).resolves.toEqual({
      service: 'gateway',
      actor: { kind: 'service', id: 'gateway', roles: [], scopes: [] },
    });
    await expect(new ServiceIdentity('analytics', keys).verify(await token('gateway'))).rejects.toThrow(/"aud"/);
  });

  it('says for whom the request is made, and which request it is', async () => {
    const about = { actor: actor('person', 'p-1'), requestId: REQUEST_ID };
    await expect(payments.verify(await token('gateway', about))).resolves.toEqual({ service: 'gateway', ...about });
  });

  it('is refused when another installation signed it, or it is not a token at all', async () => {
    const theirs = await generateIdentityKeys(['payments', 'gateway']);
    await expect(payments.verify(await new ServiceIdentity('gateway', theirs).tokenFor('payments'))).rejects.toThrow();
    await expect(payments.verify('eyJhbGciOiJub25lIn0.e30.')).rejects.toThrow();
  });

  describe('by clocks that differ', () => {
    const now = Date.now.bind(Date);
    const madeAt = async (seconds: number) => {
      jest.useFakeTimers({ now: now() + seconds * 1000, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
      return token('gateway').finally(() => jest.useRealTimers());
    };
    afterEach(() => void jest.useRealTimers());

    it.each([25, -25, -80])('is accepted %d s ahead of ours', async (seconds) => {
      await expect(payments.verify(await madeAt(seconds))).resolves.toMatchObject({ service: 'gateway' });
    });

    it.each([40, -100])('is refused %d s ahead of ours, because of the clock', async (seconds) => {
      const refusal = await payments.verify(await madeAt(seconds)).catch((error: unknown) => error);
      expect(refusalReasonOf(refusal)).toBe('clock');
    });
  });

  it('tells why it was refused', async () => {
    const reasonOf = async (token: string) => refusalReasonOf(await payments.verify(token).catch((e: unknown) => e));
    const theirs = new ServiceIdentity('gateway', await generateIdentityKeys(['gateway']));
    const unknown = new ServiceIdentity('stranger', await generateIdentityKeys(['stranger']));
    expect(await reasonOf(await theirs.tokenFor('payments'))).toBe('key');
    expect(await reasonOf(await unknown.tokenFor('payments'))).toBe('key');
    expect(await reasonOf(await new ServiceIdentity('gateway', keys).tokenFor('analytics'))).toBe('audience');
    expect(await reasonOf('nonsense')).toBe('other');
  });

  it.each([
    ['a service that takes the name of another', 'analytics', actor('service', 'gateway')],
    ['an operator who speaks for a person', 'operator', actor('person')],
    ['an operator who takes the name of a service', 'operator', actor('service', 'gateway')],
  ])('%s is refused', async (_, service, forged) => {
    await expect(payments.verify(await token(service, { actor: forged }))).rejects.toThrow();
  });
});
