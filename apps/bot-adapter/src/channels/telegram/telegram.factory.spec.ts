import { BotServers, Clock, createLog } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { channelKinds } from '../channels.service';
import { telegram } from './telegram.factory';

const { section } = channelKinds([telegram]);
const sandbox = { kind: 'telegram', apiRoot: 'sandbox', token: '7:sandbox' };
const REAL_TOKEN = `7000000003:${'x'.repeat(35)}`;

/** As the service makes it from the `channel` section of a bot and the variables. */
function create(channel: Record<string, unknown>, env: Record<string, string> = {}) {
  const settings = section.parse({ kind: 'telegram', ...channel });
  const config = z.object(telegram.variables).parse(env);
  const secret = () => channel['token'] as string | undefined;
  const deps = {
    config,
    registry: new Registry(),
    log: createLog({ level: 'silent', format: 'json' }),
    sendTimeoutMs: 1000,
    clock: new Clock(),
    connection: { get: () => undefined, lost: () => undefined },
    servers: new BotServers({ NODE_ENV: 'test' }, [String(config.TELEGRAM_API_ROOT)]),
  };
  return telegram.create({ id: 'lumen', name: 'Lumen', settings, secret }, deps);
}

describe('a bot in Telegram', () => {
  it('lives at the Bot API server it names, else at the one of the installation', () => {
    const root = (channel: object, env = {}) => create({ token: '7:x', ...channel }, env).capabilities.maxFileBytes;
    // Only the public server has a limit of 20 MB.
    expect(root({})).toBe(20 * 1024 * 1024);
    expect(root({ apiRoot: 'https://bot-api.example:8081/' })).toBe(2_000_000_000);
    expect(root({}, { TELEGRAM_API_ROOT: 'http://bot-api:8081', TELEGRAM_MAX_FILE_MB: '50' })).toBe(50_000_000);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['without a token', () => create({}), /channel\.token: there is no token/],
    ['with a token of another form', () => create({ token: 'secret' }), /form <id>:<secret>/],
    ['of the sandbox without one', () => create(sandbox), /set BOT_ADAPTER_SANDBOX_API_ROOT/],
    [
      'with a real token that the sandbox would see',
      () =>
        create({ ...sandbox, token: REAL_TOKEN }, { BOT_ADAPTER_SANDBOX_API_ROOT: 'http://127.0.0.1:4500/telegram' }),
      /token of the real Telegram but lives in the sandbox/,
    ],
    ['of another channel', () => create({ kind: 'telepathy' }), /is no channel here; there are: telegram/],
    ['with a misspelled field', () => create({ ...sandbox, tokn: 'x' }), /tokn/],
  ])('%s is a clear mistake', (_what, make, message) => {
    expect(make).toThrow(message);
  });
});
