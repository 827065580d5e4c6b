import { gatewaySignInWebAppsBegin, gatewayTokensRefresh, type GatewayAppTokens } from '@switchboard/api-client';
import { launch } from './launch';

/** A token is renewed before it ends, so that none ends on its way. */
const RENEWED_BEFORE_MS = 30_000;

interface AppSession {
  readonly userId: string;
  readonly tokens: GatewayAppTokens;
  readonly goodUntil: number;
}

let session: AppSession | undefined;
let renewal: Promise<AppSession> | undefined;

/**
 * The session of a person in a Web App: a frame of another site has no cookies, and an account of the messenger may be another one than
 * that whose cookie is there. Its tokens are in memory alone.
 */
export async function appSession(): Promise<AppSession> {
  if (session && Date.now() < session.goodUntil) return session;
  renewal ??= renew().finally(() => (renewal = undefined));
  return (session = await renewal);
}

/** Of what the gateway no longer believes nothing is renewed: it begins again with what Telegram says. */
export function forgetAppSession(): void {
  session = undefined;
}

async function renew(): Promise<AppSession> {
  const refreshToken = session?.tokens.refreshToken;
  if (session && refreshToken) {
    const renewed = await gatewayTokensRefresh({ body: { refreshToken } }).catch(() => undefined);
    if (renewed) return sessionOf(session.userId, renewed.data);
  }
  const { botId, initData } = launch!;
  const body = { botId, initData, session: 'tokens', device: 'Telegram' } as const;
  const { data } = await gatewaySignInWebAppsBegin({ body });
  return sessionOf(data.userId, data.tokens!);
}

const sessionOf = (userId: string, tokens: GatewayAppTokens): AppSession => ({
  ...{ userId, tokens },
  goodUntil: Date.now() + tokens.expiresIn * 1000 - RENEWED_BEFORE_MS,
});

/** `fetch` as the person whom Telegram has named; in a browser of its own, as ever. */
export const fetchWithToken = (usual: typeof fetch): typeof fetch =>
  launch === undefined
    ? usual
    : async (input, init) => {
        const request = new Request(input, { ...init, credentials: 'omit' });
        const { pathname } = new URL(request.url);
        if (!pathname.startsWith('/v1/sign-in/')) {
          const { tokens } = await appSession();
          request.headers.set('authorization', `Bearer ${tokens.accessToken}`);
        }
        return usual(request);
      };
