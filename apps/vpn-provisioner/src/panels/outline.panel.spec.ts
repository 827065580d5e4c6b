import { Agent, fetch } from 'undici';
import { aUser, panelContract } from '../../test/panel.contract';
import { type PanelUnderTest, type PanelWorld, startPanels } from '../../test/start-panels';
import { outline } from './outline.panel';

const SIGNAL = new AbortController().signal;
const GB = 1_000_000_000;

const world: PanelWorld = {
  definition: outline,
  party: 'outline',
  setUp: ({ apiUrl, certSha256 }) => {
    const { origin, pathname } = new URL(apiUrl!);
    return { url: origin, settings: { certSha256 }, secrets: { apiPath: pathname.slice(1) } };
  },
  pinsCertificate: true,
  wrongSecrets: { apiPath: 'mistyped' },
  refusal: {
    answer: { status: 400, body: { code: 'InvalidArgument', message: 'cipher "none" is not valid' } },
    words: 'cipher "none" is not valid',
  },
};

describe('Outline', () => {
  panelContract(world);

  describe('of its own', () => {
    let panels: Awaited<ReturnType<typeof startPanels>>;
    let server: PanelUnderTest;
    const anyCertificate = new Agent({ connect: { rejectUnauthorized: false } });

    beforeAll(async () => void (panels = await startPanels(world)));
    beforeEach(async () => void (server = await panels.server()));
    afterAll(async () => {
      await anyCertificate.close();
      await panels.close();
    });

    /** As its manager does. */
    const manage = (path: string, body: object) =>
      fetch(server.account['apiUrl'] + path, {
        method: 'PUT',
        dispatcher: anyCertificate,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });

    it('gives its whole key, and how apps connect', async () => {
      const user = aUser();
      const { accessKey } = await server.panel.ensure(user, SIGNAL);
      expect((await server.byHand.user(user.name))!.links).toEqual([accessKey]);
      expect(await server.panel.endpoints!(user.name, SIGNAL)).toEqual([
        {
          ...{ protocol: 'outline', host: `${server.byHand.name}.vpn.example`, port: 12_345 },
          ...{ transport: 'tcp', security: 'none', cipher: 'chacha20-ietf-poly1305' },
        },
      ]);
    });

    it('keeps the port of a key whose password changes, though new ones get another', async () => {
      const user = aUser();
      await server.panel.ensure(user, SIGNAL);
      await manage('/server/port-for-new-access-keys', { port: 443 });
      const changed = { ...user, credentials: { ...user.credentials, password: 'another-password' } };
      expect((await server.panel.ensure(changed, SIGNAL)).accessKey).toContain(':12345/');
      expect((await server.panel.ensure(aUser(), SIGNAL)).accessKey).toContain(':443/');
    });

    it('holds nobody to a limit that somebody has set for the whole server', async () => {
      const [unlimited, limited] = [aUser({ limitBytes: null }), aUser({ limitBytes: 9 * GB })];
      await server.panel.ensure(unlimited, SIGNAL);
      await server.panel.ensure(limited, SIGNAL);
      await manage('/server/access-key-data-limit', { limit: { bytes: GB } });
      for (const { name } of [unlimited, limited]) {
        await server.byHand.use(name, 2 * GB);
        expect(await server.byHand.use(name, 1)).toEqual({ served: true });
      }
      // A limit that was taken away by hand would let the server's own count.
      await server.byHand.edit(unlimited.name, { limitBytes: null });
      await server.panel.ensure(unlimited, SIGNAL);
      expect(await server.byHand.use(unlimited.name, 1)).toEqual({ served: true });
    });

    it('refuses a password that another key has', async () => {
      const first = aUser();
      await server.panel.ensure(first, SIGNAL);
      await expect(server.panel.ensure(aUser({ credentials: first.credentials }), SIGNAL)).rejects.toMatchObject({
        name: 'PanelRefused',
        message: expect.stringContaining('has the same password'),
      });
    });

    it('that is too old for keys of our own is told from one that is down', async () => {
      const body = { code: 'ResourceNotFound', message: '/secret/access-keys/a does not exist' };
      await server.misbehave({ target: 'create', kind: 'answer', answer: { status: 404, body } });
      await expect(server.panel.ensure(aUser(), SIGNAL)).rejects.toMatchObject({
        ...{ trouble: 'unauthorized', message: 'Outline is not at this path, or is older than 1.7' },
      });
    });
  });
});
