import { gatewayBotsListOptions, type GatewayBotSummary } from '@switchboard/api-client';
import { useQuery } from '@tanstack/react-query';
import { useStaff } from '../session';

/** An installation has tens of them, so that one page holds all. */
const LIMIT = 200;

export const allBots = () => ({ ...gatewayBotsListOptions({ query: { limit: LIMIT } }), staleTime: 60_000 });

/** Also those that are archived: their ids are taken. */
export const everyBot = () => ({
  ...gatewayBotsListOptions({ query: { limit: LIMIT, state: 'active,paused,archived' } }),
  staleTime: 0,
});

/** Those that whoever is signed in may see; none for those who may see no bots at all. */
export function useBots(): readonly GatewayBotSummary[] {
  const staff = useStaff();
  const { data } = useQuery({ ...allBots(), enabled: staff.can('bots:read') });
  return data?.data ?? [];
}

/** What a bot is called; its id where that is all that is known. */
export function useBotNames(): (botId: string) => string {
  const bots = useBots();
  return (botId) => bots.find(({ id }) => id === botId)?.name ?? botId;
}
