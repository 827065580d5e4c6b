import { until } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { ResiliencePolicy, UpstreamTimeout, UpstreamUnavailable } from './resilience-policy';

const outage = new Error('503');
const mistake = new Error('400');

function party(over: { timeoutMs?: number; breakAfter?: number; halfOpenAfterMs?: number } = {}) {
  const registry = new Registry();
  return {
    registry,
    party: new ResiliencePolicy({
      name: 'shop',
      registry,
      timeoutMs: 1000,
      isOutage: (error) => error === outage,
      ...over,
    }),
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
    await expect(party({ timeoutMs: 30 }).party.call('read', hang)).rejects.toBeInstanceOf(UpstreamTimeout);
    expect(aborted).toBe(true);
  });

  it('stops asking after failures in a row, and asks again after a while', async () => {
    const { party: shop } = party({ breakAfter: 3, halfOpenAfterMs: 50 });
    let calls = 0;
    const fail = () => (calls++, Promise.reject(outage));
    for (let i = 0; i < 3; i++) await expect(shop.call('read', fail)).rejects.toBe(outage);
    await expect(shop.call('read', fail)).rejects.toBeInstanceOf(UpstreamUnavailable);
    expect(calls).toBe(3);
    const back = () => shop.call('read', () => Promise.resolve('back')).catch(() => undefined);
    expect(await until(back, { what: 'a call to be let through' })).toBe('back');
    await expect(shop.call('read', () => Promise.resolve('again'))).resolves.toBe('again');
  });

  it('refuses others at once while a call finds out whether it is back, and lets the next one through although that hangs', async () => {
    const { party: shop } = party({ breakAfter: 1, halfOpenAfterMs: 50, timeoutMs: 60_000 });
    await shop.call('read', () => Promise.reject(outage)).catch(() => undefined);
    const end = new AbortController();
    let ended = 0;
    const hang = () => {
      const begun = Promise.withResolvers<true>();
      const work = () => (begun.resolve(true), new Promise<never>(() => undefined));
      const call = shop.call('read', work, { signal: end.signal }).catch(() => void ended++);
      return Promise.race([begun.promise, call]);
    };
    await until(hang, { what: 'the first to find out' });
    await expect(shop.call('read', () => Promise.resolve())).rejects.toBeInstanceOf(UpstreamUnavailable);
    await until(hang, { what: 'the second to find out' });
    const back = () => shop.call('read', () => Promise.resolve('back')).catch(() => undefined);
    expect(await until(back, { what: 'the third to find out' })).toBe('back');
    end.abort();
    await until(() => ended >= 2, { what: 'the end of those that hang' });
  });

  it('takes a caller who gives up for no outage, and tells them their own reason', async () => {
    const { party: shop, registry } = party({ breakAfter: 2 });
    const reason = new Error('changed my mind');
    for (let i = 0; i < 5; i++) {
      const caller = new AbortController();
      const call = shop.call('read', () => new Promise<never>(() => undefined), {
        signal: caller.signal,
        idempotent: i % 2 === 0,
      });
      caller.abort(reason);
      await expect(call).rejects.toBe(reason);
    }
    await expect(shop.call('read', () => Promise.resolve('there'))).resolves.toBe('there');
    expect(await registry.metrics()).toContain('operation="read",outcome="cancelled"} 5');
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
