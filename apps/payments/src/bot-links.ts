import type { BotsRegistry } from '@switchboard/service-kit';

/**
 * The link by which somebody writes to a bot for the first time, with what the bot is told then; null where the name of the bot is not
 * known here, because the channel alone knows it.
 */
export function startUrl(bots: BotsRegistry, botId: string, startParameter: string): string | null {
  const channel = bots.find(botId)?.channel;
  const name = channel?.kind === 'telegram' ? channel['username'] : undefined;
  return typeof name === 'string' ? `https://t.me/${name}?start=${startParameter}` : null;
}
