import { generateIdentityKeys, ServiceIdentity } from './service-identity';

describe('identity between services', () => {
  it('is accepted by the service it was made for and by no other', async () => {
    const keys = await generateIdentityKeys(['payments', 'gateway', 'analytics']);
    const token = await new ServiceIdentity('gateway', keys).tokenFor('payments');
    await expect(new ServiceIdentity('payments', keys).verify(token)).resolves.toBe('gateway');
    await expect(new ServiceIdentity('analytics', keys).verify(token)).rejects.toThrow(/"aud"/);
  });

  it('is refused when another installation signed it, or it is not a token at all', async () => {
    const ours = await generateIdentityKeys(['payments', 'gateway']);
    const theirs = await generateIdentityKeys(['payments', 'gateway']);
    const payments = new ServiceIdentity('payments', ours);
    await expect(payments.verify(await new ServiceIdentity('gateway', theirs).tokenFor('payments'))).rejects.toThrow();
    await expect(payments.verify('eyJhbGciOiJub25lIn0.e30.')).rejects.toThrow();
  });
});
