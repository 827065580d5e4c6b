import { aUser, panelContract } from '../../test/panel.contract';
import { type PanelWorld, startPanels } from '../../test/start-panels';
import { marzban } from './marzban.panel';

const SIGNAL = new AbortController().signal;

const world: PanelWorld = {
  definition: marzban,
  party: 'marzban',
  setUp: ({ url, username, password }) => ({
    url: url!,
    settings: { username, protocols: ['vless', 'trojan', 'shadowsocks'], flow: 'xtls-rprx-vision' },
    secrets: { password: password! },
  }),
  signsIn: true,
  wrongSecrets: { password: 'mistyped' },
  refusal: {
    answer: { status: 400, body: { detail: 'Protocol vless is disabled on your server' } },
    words: 'Protocol vless is disabled on your server',
  },
};

describe('Marzban', () => {
  panelContract(world);

  describe('of its own', () => {
    let panels: Awaited<ReturnType<typeof startPanels>>;

    beforeAll(async () => void (panels = await startPanels(world)));
    afterAll(() => panels.close());

    it('tells how apps connect, by every inbound', async () => {
      const { panel } = await panels.server();
      const user = aUser();
      await panel.ensure(user, SIGNAL);
      const host = expect.stringContaining('.vpn.example');
      const tls = { security: 'tls', sni: 'cdn.example.com', fingerprint: 'firefox', alpn: ['h2', 'http/1.1'] };
      expect(await panel.endpoints!(user.name, SIGNAL)).toEqual([
        {
          ...{ protocol: 'vless', host, port: 443, transport: 'tcp', security: 'reality', flow: 'xtls-rprx-vision' },
          ...{ sni: 'www.example.com', fingerprint: 'chrome', shortId: '6ba85179e30d4fc2' },
          publicKey: 'Z84J2IelR9ch3k8VtlVhhs5ycBUlXA7wHBWcBrjqnAw',
        },
        { ...tls, protocol: 'vless', host, port: 8443, transport: 'ws', path: '/vless', hostHeader: 'cdn.example.com' },
        {
          ...tls,
          protocol: 'trojan',
          host,
          port: 2083,
          transport: 'ws',
          path: '/trojan',
          hostHeader: 'cdn.example.com',
        },
        {
          ...{ protocol: 'shadowsocks', host, port: 1080, transport: 'tcp', security: 'none' },
          cipher: 'chacha20-ietf-poly1305',
        },
      ]);
    });

    it('lets in by the inbounds that are chosen, and by no other protocol', async () => {
      const inbounds = { vless: ['VLESS TCP REALITY'] };
      const chosen = await startPanels({
        ...world,
        setUp: (account) => ({ ...world.setUp(account), settings: { username: 'admin', inbounds } }),
      });
      const { panel, byHand } = await chosen.server();
      const user = aUser();
      const seen = await panel.ensure(user, SIGNAL);
      expect(seen.credentials).toEqual({ uuid: user.credentials.uuid });
      const [link, ...others] = (await byHand.user(user.name))!.links;
      expect([link, others]).toEqual([expect.stringContaining('security=reality'), []]);
      await chosen.close();
    });

    it('serves nobody while Xray is stopped', async () => {
      const { panel, byHand } = await panels.server();
      await byHand.setCore({ started: false });
      await expect(panel.health(SIGNAL)).rejects.toMatchObject({ trouble: 'failed', message: 'Xray is stopped' });
    });

    it('is refused what its administrator may not touch', async () => {
      const { panel, misbehave } = await panels.server();
      const answer = { status: 403, body: { detail: "You're not allowed" } };
      await misbehave({ target: 'read', kind: 'answer', answer, times: 1 });
      await expect(panel.read('of_somebody', SIGNAL)).rejects.toMatchObject({
        name: 'PanelRefused',
        message: "You're not allowed",
      });
    });
  });
});
