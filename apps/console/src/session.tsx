import {
  gatewayAccountReadOptions,
  gatewayDemoReadOptions,
  gatewaySessionEnd,
  gatewaySessionRead,
  type GatewaySessionReadResponse,
} from '@switchboard/api-client';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { sessionKey } from './http/api';
import { waitingRequests } from './http/fetch-with-approval';
import { tabStorage } from './tab-storage';
import { appSession } from './web-app/app-session';
import { launch } from './web-app/launch';

type Session = GatewaySessionReadResponse;

export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }): Promise<Session> =>
    launch ? sessionInApp() : (await gatewaySessionRead({ signal, throwOnError: true })).data,
  staleTime: 60_000,
});

/** Telegram has said who it is, and the gateway has believed it. */
async function sessionInApp(): Promise<Session> {
  const { userId: id } = await appSession();
  const nothing = { roles: [], scopes: [], bots: [] };
  return { staff: null, person: { id, ...nothing, amr: ['tg_web_app'], provenAt: new Date().toISOString() } };
}

/** Whose account it is: names are no part of the session. */
export const accountQuery = { ...gatewayAccountReadOptions(), staleTime: 60_000 };

/** Whether there is a made-up company among what one sees. It comes and goes with the installation, by commands. */
export const demoQuery = { ...gatewayDemoReadOptions(), staleTime: 10 * 60_000, retry: false };

export interface Staff extends NonNullable<Session['staff']> {
  /** Whether something is allowed, with this bot or with any. What is shown here, the server decides anew. */
  can(permission: string, botId?: string): boolean;
  /** Whether something is allowed with all bots, also with those to come. */
  canWithAllBots(permission: string): boolean;
}

/** Who is signed in as staff; nobody else sees these pages. */
export function useStaff(): Staff {
  const { data } = useQuery(sessionQuery);
  const staff = data?.staff;
  if (!staff) throw new Error('This page is for staff who are signed in');
  return {
    ...staff,
    can: (permission, botId) =>
      allows(staff.scopes, permission) ||
      staff.bots.some((bot) => (botId === undefined || bot.botId === botId) && allows(bot.scopes, permission)),
    canWithAllBots: (permission) => allows(staff.scopes, permission),
  };
}

/** Whoever has signed in as staff goes on where they were. The page is loaded anew: in it may be what a colleague has seen. */
export function enterConsole(returnTo?: string): void {
  window.location.replace(returnTo?.startsWith('/console/') ? returnTo : '/console/');
}

/** What somebody has written and not saved, in this tab; in others it goes with the tab. */
export const DRAFT_KEY = 'switchboard.draft.';

/** The page is loaded anew, so that nothing of whoever was signed in is left in it, nor in what its tab keeps: drafts, codes, sign-ins. */
export async function signOut(kind: 'staff' | 'person'): Promise<void> {
  await gatewaySessionEnd({ path: { kind } });
  if (kind === 'staff') waitingRequests.clear();
  tabStorage.clear('switchboard.');
  window.location.assign(kind === 'staff' ? '/console/sign-in' : '/me/sign-in');
}

/** As the services decide: `resource:action`, `resource:*`, `*`; with `!` it forbids, whatever else allows it. */
function allows(scopes: readonly string[], permission: string): boolean {
  const covering = [permission, `${permission.split(':')[0]}:*`, '*'];
  return !covering.some((scope) => scopes.includes(`!${scope}`)) && covering.some((scope) => scopes.includes(scope));
}
