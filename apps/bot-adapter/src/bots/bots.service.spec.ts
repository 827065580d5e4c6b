import { loadConfig } from '@switchboard/service-kit';
import { botAdapterConfig } from '../bot-adapter.config';
import { botsOf } from './bots.service';

const bot = { id: 'lumen', name: 'Lumen', token: '7:sandbox', apiRoot: 'sandbox', products: ['assistant'] };
const other = { ...bot, id: 'northwind', token: '8:sandbox' };
const read = (env: Record<string, string>) => botsOf(loadConfig(botAdapterConfig, env));
const roots = (env: Record<string, string>) => read(env).map(({ token, apiRoot }) => ({ token, apiRoot }));

describe('which bots there are', () => {
  it('a token alone is a bot in the real Telegram', () => {
    expect(read({ TELEGRAM_BOT_TOKEN: '9:real' })).toMatchObject([
      { id: 'assistant', token: '9:real', apiRoot: 'https://api.telegram.org' },
    ]);
  });

  it('a real token takes the first bot of the file out of the sandbox, and only that one', () => {
    const env = {
      BOT_ADAPTER_BOTS: JSON.stringify([bot, other]),
      BOT_ADAPTER_SANDBOX_API_ROOT: 'http://127.0.0.1:4500/telegram',
    };
    expect(roots({ ...env, TELEGRAM_BOT_TOKEN: '9:real' })).toEqual([
      { token: '9:real', apiRoot: 'https://api.telegram.org' },
      { token: '8:sandbox', apiRoot: 'http://127.0.0.1:4500/telegram' },
    ]);
  });

  it('a token may stand in a variable that the file names', () => {
    process.env['LUMEN_TOKEN_OF_THIS_SPEC'] = '5:from-env';
    const { token: _, ...rest } = bot;
    const spec = { ...rest, apiRoot: undefined, tokenEnv: 'LUMEN_TOKEN_OF_THIS_SPEC' };
    expect(roots({ BOT_ADAPTER_BOTS: JSON.stringify([spec]) })).toEqual([
      { token: '5:from-env', apiRoot: 'https://api.telegram.org' },
    ]);
    delete process.env['LUMEN_TOKEN_OF_THIS_SPEC'];
  });

  it.each([
    ['nothing at all', {}, /No bot is configured/],
    ['no JSON', { BOT_ADAPTER_BOTS: '[' }, /BOT_ADAPTER_BOTS: is not JSON/],
    ['two bots of one name', { BOT_ADAPTER_BOTS: JSON.stringify([bot, bot]) }, /same id/],
    [
      'a bot without a token',
      { BOT_ADAPTER_BOTS: JSON.stringify([{ ...bot, token: undefined }]) },
      /"lumen" has no token/,
    ],
    ['a bot of the sandbox without one', { BOT_ADAPTER_BOTS: JSON.stringify([bot]) }, /BOT_ADAPTER_SANDBOX_API_ROOT/],
    ['a token of another form', { TELEGRAM_BOT_TOKEN: 'secret' }, /form <id>:<secret>/],
    ['a misspelled field', { BOT_ADAPTER_BOTS: JSON.stringify([{ ...bot, tokn: 'x' }]) }, /tokn/],
  ])('%s is a clear mistake', (_what, env, message) => {
    expect(() => read(env as Record<string, string>)).toThrow(message);
  });
});
