import { createHash } from 'node:crypto';
import { createClient } from 'redis';
import { spreadBalance, windowBalance } from './memory-counters';
import { type Balance, type Charge, type Counters, spreadOf } from './rate-limit';

/**
 * Pays all charges of a request in one step, or none. Each has a key and six values: kind, now, cost, and of a window its limit and
 * length, of a spread limit its emission interval and tolerance. Answers for each whether it would be allowed, and what its two cells
 * or its point in time hold, and the time. That is the one of Redis, in milliseconds, unless the caller gives another: clocks of
 * replicas differ.
 */
const PAY = `
local clock = redis.call('TIME')
local redisNow = clock[1] * 1000 + math.floor(clock[2] / 1000)
local answers, allowed = {}, true
for i, key in ipairs(KEYS) do
  local kind, now, cost = ARGV[i * 5 - 4], tonumber(ARGV[i * 5 - 3]) or redisNow, tonumber(ARGV[i * 5 - 2])
  local a, b = tonumber(ARGV[i * 5 - 1]), tonumber(ARGV[i * 5])
  if kind == 'window' then
    local index = math.floor(now / b)
    local known = redis.call('HMGET', key, 'index', 'current', 'former')
    local current, former = 0, 0
    if tonumber(known[1]) == index then current, former = tonumber(known[2]), tonumber(known[3])
    elseif tonumber(known[1]) == index - 1 then former = tonumber(known[2]) end
    local ok = current + former * (1 - (now % b) / b) + cost <= a
    allowed = allowed and ok
    answers[i] = { ok and 1 or 0, tostring(current), tostring(former), tostring(now), index }
  else
    local due = math.max(now, tonumber(redis.call('GET', key) or now))
    -- No call moves it further: it is of before the clock went back, and begins to run out now.
    if due > now + b then
      due = now + b
      redis.call('SET', key, tostring(due), 'PX', math.ceil(b))
    end
    local ok = due + cost * a - now <= b
    allowed = allowed and ok
    answers[i] = { ok and 1 or 0, tostring(due), tostring(due + cost * a), tostring(now) }
  end
end
if allowed then
  for i, key in ipairs(KEYS) do
    local kind, now, cost, b = ARGV[i * 5 - 4], tonumber(ARGV[i * 5 - 3]) or redisNow, tonumber(ARGV[i * 5 - 2]), tonumber(ARGV[i * 5])
    local answer = answers[i]
    if kind == 'window' then
      redis.call('HSET', key, 'index', answer[5], 'current', tonumber(answer[2]) + cost, 'former', answer[3])
      redis.call('PEXPIRE', key, b * 2)
    else
      redis.call('SET', key, answer[3], 'PX', math.ceil(math.max(1, tonumber(answer[3]) - now)))
    end
  end
end
return answers`;
const SHA = createHash('sha1').update(PAY).digest('hex');

/** A request waits for its limits, so they may not take long; then memory counts. */
const ANSWER_WITHIN_MS = 250;

type Answer = [ok: number, first: string, second: string, now: string];

/** Counts in Redis, for all replicas together. */
export class RedisCounters implements Counters {
  private readonly client;

  /** @param hash of who is counted: an address is nobody else's business */
  constructor(
    url: string,
    private readonly hash: (subject: string) => string,
    private readonly answerWithinMs = ANSWER_WITHIN_MS,
  ) {
    const reconnectStrategy = (tries: number) => Math.min(100 * 2 ** tries, 5000);
    this.client = createClient({ url, socket: { connectTimeout: 2000, reconnectStrategy }, disableOfflineQueue: true });
    // Whoever is not answered counts in memory, and tells of it.
    this.client.on('error', () => undefined);
  }

  /** Goes on trying in the background when nobody answers. */
  open(): void {
    void this.client.connect().catch(() => undefined);
  }

  close(): void {
    if (this.client.isOpen) this.client.destroy();
  }

  /** @param at default: the time of Redis */
  async pay(charges: readonly Charge[], at: number | '' = ''): Promise<Balance[]> {
    const keys = charges.map(({ limit, subject }) => `switchboard:limits:${limit.name}:${this.hash(subject)}`);
    const values = charges.flatMap(({ limit, cost }) => {
      if (limit.kind === 'window') return ['window', at, cost, limit.limit, limit.windowMs];
      const { emissionMs, toleranceMs } = spreadOf(limit);
      return ['spread', at, cost, emissionMs, toleranceMs];
    });
    const answers = await this.run({ keys, arguments: values.map(String) });
    return charges.map(({ limit, cost }, i) => {
      const [ok, first, second, time] = answers[i]!;
      const now = Number(time);
      if (limit.kind === 'window')
        return windowBalance({ limit, cost, now, current: Number(first), former: Number(second) });
      const allowed = ok === 1;
      const stands = Number(allowed ? second : first);
      return spreadBalance({ limit, cost, now, ...spreadOf(limit), allowed, at: stands });
    });
  }

  private async run(options: { keys: string[]; arguments: string[] }): Promise<Answer[]> {
    let watch: NodeJS.Timeout;
    const late = new Promise<never>((_, reject) => {
      watch = setTimeout(() => reject(new Error('Redis did not answer in time')), this.answerWithinMs);
    });
    const answer = this.client.evalSha(SHA, options).catch((error: unknown) => {
      if (!/^NOSCRIPT/.test((error as Error).message)) throw error;
      return this.client.eval(PAY, options);
    });
    return (await Promise.race([answer, late]).finally(() => clearTimeout(watch))) as unknown as Answer[];
  }
}
