import { client } from '@switchboard/api-client';
import { currentLanguage, notify, problemOf } from '@switchboard/ui';
import { MutationCache, QueryClient } from '@tanstack/react-query';
import { fetchWithToken, forgetAppSession } from '../web-app/app-session';
import { fetchWithApproval } from './fetch-with-approval';
import { fetchWithProofOfWork } from './fetch-with-proof-of-work';

/** How long somebody is taken to be there after they last moved. */
const THERE_FOR_MS = 60_000;

let movedAt = Date.now();
for (const sign of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const)
  window.addEventListener(sign, () => (movedAt = Date.now()), { capture: true, passive: true });

/** Pages ask again by themselves, and that must not keep a session from ending by being idle. */
const isAttended = (): boolean => Date.now() - movedAt < THERE_FOR_MS;

client.setConfig({ baseUrl: '', fetch: fetchWithToken(fetchWithProofOfWork(fetchWithApproval)) });

client.interceptors.request.use((request) => {
  request.headers.set('accept-language', currentLanguage());
  if (!isAttended()) request.headers.set('x-unattended', '1');
  return request;
});

// What a proxy in between answers is no problem document, and is shown like one.
client.interceptors.error.use((error, response) => {
  forgetEndedSession(error);
  // What is shown is not what is saved any more; a form keeps what is typed.
  if (response?.status === 412) void queryClient.invalidateQueries();
  if (problemOf(error) || !response) return error;
  return {
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    code: `http_${response.status}`,
  };
});

export const sessionKey = ['session'] as const;

/** A session that has ended is found out by whatever is asked next, be it by a query, a form or a button. */
function forgetEndedSession(error: unknown): void {
  if (problemOf(error)?.code !== 'unauthorized') return;
  forgetAppSession();
  void queryClient.invalidateQueries({ queryKey: sessionKey });
}

export const queryClient: QueryClient = new QueryClient({
  mutationCache: new MutationCache({ onError: tellProblem }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What was refused stays refused; only what may pass is tried again.
      retry: (failures, error) => failures < 2 && (problemOf(error)?.status ?? 503) >= 500,
    },
  },
});

/** Says in passing what did not work; forms show it themselves. */
export function tellProblem(error: unknown): void {
  const problem = problemOf(error);
  notify({ tone: 'bad', text: problem?.detail ?? problem?.title ?? String((error as Error).message) });
}

/** Asks anew for what is shown of these routes: `refresh('gatewayBots')` is all that begin so. */
export const refresh = (...names: readonly string[]): Promise<void> =>
  queryClient.invalidateQueries({
    predicate: ({ queryKey: [head] }) => {
      const { _id: id } = (head ?? {}) as { _id?: string };
      return id !== undefined && names.some((name) => id.startsWith(name));
    },
  });

/** The value of `If-Match` for what was seen. */
export const etagOf = (revision: string | number): string => `"${revision}"`;

/** The value of `X-Reason`: a header holds no Cyrillic. */
export const reasonHeader = (reason: string): { 'X-Reason': string } => ({ 'X-Reason': encodeURIComponent(reason) });
