import { Registry } from 'prom-client';
import { ThirdParty, ThirdPartyTimeout, ThirdPartyUnavailable } from './third-party';

const outage = new Error('503');
const mistake = new Error('400');

function party(over: { timeoutMs?: number; breakAfter?: number; halfOpenAfterMs?: number } = {}) {
  const registry = new Registry();
  return {
    registry,
    party: new ThirdParty({ name: 'shop', registry, timeoutMs: 1000, isOutage: (error) => error === outage, ...over }),
  };
}

describe('calls to third parties', () => {
  it('repeats an idempotent call that met an outage', async () => {
    let calls = 0;
    const answer = await party().party.call(
      'read',
      () => (++calls < 3 ? Promise.reject(outage) : Promise.resolve('there')),
      { idempotent: true },
    );
    expect([answer, calls]).toEqual(['there', 3]);
  });

  it('never repeats a call that is not idempotent, nor one that was our mistake', async () => {
    let calls = 0;
    const fail = (error: Error) => () => (calls++, Promise.reject(error));
    await expect(party().party.call('pay', fail(outage))).rejects.toBe(outage);
    await expect(party().party.call('read', fail(mistake), { idempotent: true })).rejects.toBe(mistake);
    expect(calls).toBe(2);
  });

  it('ends a call at its deadline and aborts the work', async () => {
    let aborted = false;
    const hang = (signal: AbortSignal) =>
      new Promise<never>(() => signal.addEventListener('abort', () => (aborted = true)));
    await expect(party({ timeoutMs: 30 }).party.call('read', hang)).rejects.toBeInstanceOf(ThirdPartyTimeout);
    expect(aborted).toBe(true);
  });

  it('stops asking after failures in a row, and asks again after a while', async () => {
    const { party: shop } = party({ breakAfter: 3, halfOpenAfterMs: 50 });
    let calls = 0;
    const fail = () => (calls++, Promise.reject(outage));
    for (let i = 0; i < 3; i++) await expect(shop.call('read', fail)).rejects.toBe(outage);
    await expect(shop.call('read', fail)).rejects.toBeInstanceOf(ThirdPartyUnavailable);
    expect(calls).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await expect(shop.call('read', () => Promise.resolve('back'))).resolves.toBe('back');
  });

  it('does not take our own mistakes for an outage', async () => {
    const { party: shop } = party({ breakAfter: 2 });
    for (let i = 0; i < 5; i++) await expect(shop.call('read', () => Promise.reject(mistake))).rejects.toBe(mistake);
  });

  it('counts every call by operation and outcome', async () => {
    const { party: shop, registry } = party();
    await shop.call('read', () => Promise.resolve(1));
    await shop.call('read', () => Promise.reject(mistake)).catch(() => undefined);
    const metrics = await registry.metrics();
    expect(metrics).toContain('third_party_call_seconds_count{provider="shop",operation="read",outcome="ok"} 1');
    expect(metrics).toContain('third_party_call_seconds_count{provider="shop",operation="read",outcome="error"} 1');
  });
});
