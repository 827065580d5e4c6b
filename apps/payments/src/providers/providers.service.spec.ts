import { startApp, type TestApp } from '@switchboard/testing';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePayments } from '../payments.module';
import { cloudpayments } from './cloudpayments.provider';
import { ProvidersService } from './providers.service';
import { yookassa } from './yookassa.provider';

describe('accounts with providers', () => {
  let app: TestApp;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bots-'));
    const bot = (id: string, payments: object) => {
      const channel = { kind: 'telegram', apiRoot: 'sandbox', token: `1:${id}` };
      writeFileSync(
        join(folder, `${id}.json`),
        JSON.stringify({ name: id, channel, products: ['vpn-shop'], payments }),
      );
    };
    const kassa = { apiRoot: 'https://api.yookassa.ru/v3', shopId: '1', receipts: true };
    bot('both', { yookassa: kassa, cloudpayments: { apiRoot: 'sandbox', publicId: 'pk_1' } });
    bot('tried', { cloudpayments: { apiRoot: 'sandbox', publicId: 'pk_1' } });
    bot('inside', { yookassa: { ...kassa, apiRoot: 'https://10.0.0.1/v3' } });
    bot('metadata', { yookassa: { ...kassa, apiRoot: 'http://169.254.169.254/latest' } });
    const env = { BOTS_FOLDER: folder, PAYMENTS_SANDBOX_URL: 'http://127.0.0.1:9' };
    app = await startApp(definePayments([yookassa, cloudpayments]), { env });
  });
  afterAll(() => app.stop());

  it('are what a bot can be paid by', () => {
    const providers = app.service.nest.get(ProvidersService);
    expect(providers.offeredBy('both').map(({ name }) => name)).toEqual(['yookassa', 'cloudpayments']);
    expect(['yookassa', 'cloudpayments'].map((name) => providers.isSandbox('both', name))).toEqual([false, true]);
    expect(providers.get('both', 'cloudpayments')).toMatchObject({ acknowledgement: { body: '{"code":0}' } });
  });

  it('are no money where all of them are of the sandbox', () => {
    const providers = app.service.nest.get(ProvidersService);
    const are = ['tried', 'both', 'inside', 'unknown'].filter((botId) => providers.livesInSandbox(botId));
    expect(are).toEqual(['tried']);
  });

  it.each(['inside', 'metadata'])('may not lead into our own network: %s', (botId) => {
    expect(() => app.service.nest.get(ProvidersService).get(botId, 'yookassa')).toThrow(
      'payments.yookassa.apiRoot: the address is refused',
    );
  });
});
