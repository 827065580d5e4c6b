import type { Actor } from '@switchboard/contracts';
import { generateIdentityKeys, type IdentityKeys, ServiceIdentity } from './service-identity';

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

  it.each([
    ['a service that takes the name of another', 'analytics', actor('service', 'gateway')],
    ['an operator who speaks for a person', 'operator', actor('person')],
    ['an operator who takes the name of a service', 'operator', actor('service', 'gateway')],
  ])('%s is refused', async (_, service, forged) => {
    await expect(payments.verify(await token(service, { actor: forged }))).rejects.toThrow();
  });
});
