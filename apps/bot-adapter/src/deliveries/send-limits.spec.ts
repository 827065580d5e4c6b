import fc from 'fast-check';
import { z } from 'zod';
import type { Channel } from '../channels/channel';
import { ratesOf, telegram } from '../channels/telegram/telegram.factory';
import { SendLimits } from './send-limits';

const rates = ratesOf(z.object(telegram.variables).parse({}) as Parameters<typeof ratesOf>[0]);
const limits = () => new SendLimits({ find: () => ({ capabilities: { rates } }) as Channel });
const chat = (id = 'chat', kind: 'private' | 'group' = 'private') => ({ id, botId: 'lumen', kind });

/** Sends as fast as it may, and returns when each message went out, in ms. */
function sendAll(count: number, where: (n: number) => ReturnType<typeof chat>, from = limits()): number[] {
  let now = 0;
  return Array.from({ length: count }, (_, n) => {
    for (;;) {
      const right = from.reserve(where(n), now);
      if ('waitMs' in right) return (now += right.waitMs);
      now += right.askAgainMs;
    }
  });
}

const mostWithin = (times: number[], ms: number) =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + ms).length));

describe('how fast we send', () => {
  it('a quiet chat is answered at once', () => {
    expect(limits().reserve(chat(), 0)).toEqual({ waitMs: 0 });
  });

  it('a chat takes three at once and then one a second', () => {
    expect(sendAll(6, () => chat()).map((time) => Math.round(time / 1000))).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it('no minute of a group has more than 20 messages', () => {
    expect(
      mostWithin(
        sendAll(100, () => chat('group', 'group')),
        60_000,
      ),
    ).toBeLessThanOrEqual(20);
  });

  it('a bot sends about 30 a second to all its chats together', () => {
    expect(
      mostWithin(
        sendAll(300, (n) => chat(`chat ${n}`)),
        1000,
      ),
    ).toBeLessThanOrEqual(40);
  });

  it('previews always leave room for a message', () => {
    const kinds = fc.constantFrom('draft' as const, 'edit' as const);
    const steps = fc.array(fc.record({ how: kinds, passMs: fc.nat(2000) }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.constantFrom('private' as const, 'group' as const), (previews, kind) => {
        const some = limits();
        let now = 0;
        for (const { how, passMs } of previews) some.tryPreview(chat('chat', kind), how, (now += passMs));
        expect(some.reserve(chat('chat', kind), now)).toEqual({ waitMs: 0 });
      }),
    );
  });

  it('one chat told to wait holds up no other; two of a bot hold up the bot, and no other bot', () => {
    const some = limits();
    some.backOff(chat('a'), { retryAfterSeconds: 30 }, 0);
    expect(some.reserve(chat('c'), 100)).toEqual({ waitMs: 0 });
    some.backOff(chat('b'), { retryAfterSeconds: 10 }, 1000);
    expect(some.reserve(chat('c'), 2000)).toEqual({ askAgainMs: 28_000 });
    expect(some.reserve({ ...chat('d'), botId: 'northwind' }, 2000)).toEqual({ waitMs: 0 });
    expect(some.reserve(chat('c'), 30_000)).toEqual({ waitMs: 0 });
  });

  it('two groups told to wait hold up nobody else', () => {
    const some = limits();
    some.backOff(chat('a', 'group'), { retryAfterSeconds: 30 }, 0);
    some.backOff(chat('b', 'group'), { retryAfterSeconds: 30 }, 0);
    expect(some.reserve(chat('c'), 100)).toEqual({ waitMs: 0 });
  });

  it('a channel that tells who has to wait is believed', () => {
    const some = limits();
    some.backOff(chat('a'), { retryAfterSeconds: 30, scope: 'chat' }, 0);
    some.backOff(chat('b'), { retryAfterSeconds: 30, scope: 'chat' }, 0);
    expect(some.reserve(chat('c'), 100)).toEqual({ waitMs: 0 });
    some.backOff(chat('a', 'group'), { retryAfterSeconds: 30, scope: 'bot' }, 0);
    expect(some.reserve(chat('c'), 1000)).toEqual({ askAgainMs: 29_000 });
  });
});
