import { AuthorizationServer, type OAuthClient } from '../kit/authorization-server';
import { CallLog } from '../kit/call-log';
import { CALL_FAULTS, type FaultKinds } from '../kit/faults';
import { type OAuthCall, oauthControl } from '../kit/oauth-endpoints';
import { SigningKeys } from '../kit/signing-keys';
import { type Context, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { ID_TOKEN_FAULTS } from '../telegram-login/id-token';
import { oidcServer } from './oidc.server';
import { vkAnswers, vkServer } from './vk.server';
import { yandexCode, yandexServer } from './yandex.server';

const ADDRESS = '/openid';

export interface OpenIdOptions {
  /** Who may ask all of them. One is there for whoever tries the sandbox on this machine. */
  clients?: readonly OAuthClient[];
  /** The sandbox as browsers reach it, where that is not the address by which it is asked for its settings. */
  publicUrl?: string;
}

/** What the claim `groups` of the company's own provider says. */
const GROUPS = ['developers', 'support', 'analysts'];
const SCOPES = ['openid', 'profile', 'email'];

/** The client of an installation that was told of no other one. */
export const SANDBOX_CLIENT: OAuthClient = { id: 'sandbox', secret: 'sandbox-secret', redirectUris: ['loopback'] };

const TOKEN_FAULTS = { ...CALL_FAULTS, ...ID_TOKEN_FAULTS } satisfies FaultKinds;
const OIDC_FAULTS = {
  discovery: CALL_FAULTS,
  jwks: CALL_FAULTS,
  auth: CALL_FAULTS,
  token: TOKEN_FAULTS,
  userinfo: CALL_FAULTS,
};

/** Each provider's targets. `wrong-client`: the token belongs to an app of somebody else. `wrong-person`: the two answers differ. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, FaultKinds>>>> = {
  google: OIDC_FAULTS,
  company: OIDC_FAULTS,
  yandex: { auth: CALL_FAULTS, token: CALL_FAULTS, info: { ...CALL_FAULTS, 'wrong-client': null } },
  vk: {
    auth: CALL_FAULTS,
    token: { ...CALL_FAULTS, 'wrong-state': null, 'error-200': null },
    'user-info': { ...CALL_FAULTS, 'wrong-person': null },
  },
};

/** What one of the providers is made of. */
export interface ProviderParts {
  readonly name: string;
  readonly context: Context;
  readonly server: AuthorizationServer;
  readonly keys: SigningKeys;
  readonly calls: CallLog<OAuthCall>;
  readonly address: string;
  readonly publicUrl: string | undefined;
  /** Of which of these parts of the company somebody is, they choose for themselves. */
  readonly groups?: readonly string[];
}

/**
 * Accounts elsewhere: Google and a company's own provider speak OpenID Connect, Yandex and VK dialects of OAuth. Everybody on the
 * phone has an account with each.
 */
export const openid = defineParty({
  name: 'openid',
  create(context: Context, { clients = [SANDBOX_CLIENT], publicUrl }: OpenIdOptions): ThirdPartySandbox {
    const calls = new CallLog<OAuthCall>(1000);
    const provider = (
      name: string,
      options: ConstructorParameters<typeof AuthorizationServer>[1] = {},
    ): ProviderParts => ({
      name,
      context,
      server: new AuthorizationServer(clients, options),
      keys: new SigningKeys([{ alg: 'RS256' }]),
      calls,
      address: `${ADDRESS}/${name}`,
      publicUrl,
    });
    const google = provider('google', { scopes: SCOPES });
    const company = { ...provider('company', { scopes: [...SCOPES, 'groups'] }), groups: GROUPS };
    const yandex = provider('yandex', { newCode: yandexCode, clientRefusedWith: 400, redirectUriOptional: true });
    const vk = provider('vk', {
      pkceRequired: true,
      // Its own SDK sends the small letter.
      challengeMethods: ['s256', 'S256'],
      shortestState: 32,
      alsoSentBack: vkAnswers,
    });
    const all = [google, company, yandex, vk];
    return {
      address: ADDRESS,
      mount(app) {
        app.use(google.address, oidcServer(google));
        app.use(company.address, oidcServer(company));
        app.use(yandex.address, yandexServer(yandex));
        app.use(vk.address, vkServer(vk));
      },
      control(router) {
        for (const { name, server } of all)
          oauthControl(router, { path: `/${name}`, server, people: () => context.people() });
      },
      calls,
      faults: Object.fromEntries(
        Object.entries(FAULTS).flatMap(([name, targets]) =>
          Object.entries(targets).map(([target, kinds]) => [`${name}.${target}`, kinds]),
        ),
      ),
      reset: () => all.forEach(({ server }) => server.forget()),
      save: () =>
        Object.fromEntries(all.map(({ name, server, keys }) => [name, { server: server.save(), keys: keys.save() }])),
      restore(saved) {
        const known = (saved ?? {}) as Record<string, { server?: unknown; keys?: unknown } | undefined>;
        for (const { name, server, keys } of all) {
          server.restore(known[name]?.server);
          keys.restore(known[name]?.keys);
        }
      },
    };
  },
});
