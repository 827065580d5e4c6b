import { Router } from 'express';
import { AuthorizationServer, type OAuthClient } from '../kit/authorization-server';
import { CallLog } from '../kit/call-log';
import { CALL_FAULTS } from '../kit/faults';
import { type OAuthCall, oauthControl } from '../kit/oauth-endpoints';
import { type KeyKind, SigningKeys } from '../kit/signing-keys';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { emojis, loginServer } from './login.server';
import { TOKEN_FAULTS } from './id-token';

const ADDRESS = '/telegram-login';

export interface TelegramLoginOptions {
  /** Client ids are the numeric ids of bots. One is there for whoever tries the sandbox on this machine. */
  clients?: readonly OAuthClient[];
  /** The sandbox as browsers reach it, where that is not the address by which it is asked for its settings. */
  publicUrl?: string;
}

/** The client of an installation that was told of no other one. */
export const SANDBOX_CLIENT: OAuthClient = {
  id: '7000000001',
  secret: 'sandbox-login-secret',
  redirectUris: ['loopback'],
};

/** As oauth.telegram.org tells of them. */
const KEYS: readonly KeyKind[] = [
  { alg: 'RS256', name: 'oidc', told: { key_ops: ['verify'] } },
  { alg: 'ES256', name: 'oidc-es256' },
  { alg: 'EdDSA', name: 'oidc-eddsa' },
  { alg: 'ES256K', name: 'oidc-es256k' },
];

/** Signing in with Telegram: OpenID Connect, where a person of the phone approves. */
export const telegramLogin = defineParty({
  name: 'telegram-login',
  create(context: Context, { clients = [SANDBOX_CLIENT], publicUrl }: TelegramLoginOptions): ThirdPartySandbox {
    const server = new AuthorizationServer(clients);
    const keys = new SigningKeys(KEYS);
    const calls = new CallLog<OAuthCall>(1000);
    const party = { context, server, keys, calls, address: ADDRESS, publicUrl };
    return {
      address: ADDRESS,
      mount: (app) => app.use(ADDRESS, loginServer(party)),
      control(router: Router) {
        const begin = (query: Record<string, string>) => server.begin(query, { extra: emojis() });
        oauthControl(router, { server, people: () => context.people(), begin });
        router.post('/keys/rotate', async (_req, res) => {
          await keys.rotate();
          res.json(await keys.publicKeys());
        });
      },
      calls,
      faults: {
        discovery: CALL_FAULTS,
        jwks: CALL_FAULTS,
        auth: CALL_FAULTS,
        token: TOKEN_FAULTS,
        script: CALL_FAULTS,
      },
      reset: () => server.forget(),
      save: () => ({ server: server.save(), keys: keys.save() }),
      restore(saved) {
        const { server: known, keys: made } = (saved ?? {}) as { server?: unknown; keys?: unknown };
        server.restore(known);
        keys.restore(made);
      },
    };
  },
});

export interface LoginParty {
  readonly context: Context;
  readonly server: AuthorizationServer;
  readonly keys: SigningKeys;
  readonly calls: CallLog<OAuthCall>;
  readonly address: string;
  readonly publicUrl: string | undefined;
}
