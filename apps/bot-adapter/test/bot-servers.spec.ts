import { CheckChannel } from '@switchboard/contracts';
import type { TestApp } from '@switchboard/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startBotAdapter } from './start-bot-adapter';
import { LUMEN, type PretendedTelegram, startTelegram } from './start-sandbox';

describe('the servers of a channel that bots name', () => {
  let server: Server;
  let asked: number;
  let port: number;
  let telegram: PretendedTelegram;
  let app: TestApp;

  beforeAll(async () => {
    asked = 0;
    server = createServer((_, response) => {
      asked++;
      const result = { id: 7, is_bot: true, first_name: 'Desk', username: 'desk_bot', pending_update_count: 0 };
      response.end(JSON.stringify({ ok: true, result }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    telegram = await startTelegram();
    app = await startBotAdapter(telegram, { env: { OUTBOUND_ALLOWED_NETWORKS: '198.18.0.0/15' } });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    server.close();
  });

  const findings = async (apiRoot: string) => {
    const channel = { kind: 'telegram', apiRoot };
    const body = { botId: 'new', channel, secrets: { token: '7:a-token' } };
    const report = await app.gateway.call(CheckChannel, { body });
    return report.findings.map(({ code, params }) => `${String(params?.['pointer'])} ${code}`);
  };

  it.each([() => `http://127.0.0.1:${port}`, () => `http://localhost:${port}`, () => 'http://169.254.169.254/latest'])(
    'are told to be out of reach, and are not asked, where only this machine reaches them',
    async (apiRoot) => {
      expect(await findings(apiRoot())).toEqual(['/channel/apiRoot address_refused']);
      expect(asked).toBe(0);
    },
  );

  it('are those of the installation wherever they are', async () => {
    expect(await findings(telegram.apiRoot)).not.toContain('/channel/apiRoot address_refused');
    const channel = { kind: 'telegram', apiRoot: 'sandbox' };
    const body = { botId: 'lumen', channel, secrets: { token: LUMEN.token } };
    expect((await app.gateway.call(CheckChannel, { body })).account).toMatchObject({ username: LUMEN.username });
  });
});
