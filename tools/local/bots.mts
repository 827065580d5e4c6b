import { join } from 'node:path';
import type { BotSource } from '@switchboard/service-kit';
import { root } from './workspace.mts';

export const DEMO_BOTS = join(root, 'deploy/demo/bots');

/** A bot of an installation, and where people meet it. */
export interface LocalBot {
  readonly id: string;
  readonly name: string;
  /** The kind of its channel. */
  readonly channel: string;
  /** `sandbox`, an address, or absent for the channel's own servers. */
  readonly apiRoot?: string;
}

/** A bot of Telegram that the sandbox plays, as it has to know it. */
export interface SandboxBot {
  readonly id: string;
  readonly token: string;
  readonly username?: string;
  readonly name: string;
}

type Variables = Record<string, string | undefined>;

interface Content {
  name?: string;
  channel?: { kind?: string; apiRoot?: string; username?: string };
}

/**
 * The bots of a folder as the services read them, TELEGRAM_BOT_TOKEN included. What is no description is left out: the services
 * say why.
 */
export async function localBots(folder: string, env: Variables): Promise<LocalBot[]> {
  return (await read(folder, env)).flatMap(({ id, content: { name = id, channel } }) =>
    channel?.kind ? [{ id, name, channel: channel.kind, ...(channel.apiRoot && { apiRoot: channel.apiRoot }) }] : [],
  );
}

/** Those that live in the sandbox's Telegram. One whose token is missing is left out: its channel says so. */
export async function sandboxBots(folder: string, env: Variables): Promise<SandboxBot[]> {
  const { readSecret } = await import('@switchboard/service-kit');
  return (await read(folder, env)).flatMap((bot) => {
    const { name = bot.id, channel } = bot.content;
    if (channel?.kind !== 'telegram' || channel.apiRoot !== 'sandbox') return [];
    try {
      const token = readSecret(bot, 'channel', 'token');
      return token ? [{ id: bot.id, token, ...(channel.username && { username: channel.username }), name }] : [];
    } catch {
      return [];
    }
  });
}

async function read(folder: string, env: Variables): Promise<(BotSource & { content: Content })[]> {
  // Not before the build, which tools run themselves.
  const { readBotsFolder } = await import('@switchboard/service-kit');
  return readBotsFolder(folder, env).flatMap((bot) =>
    typeof bot.content === 'object' && bot.content !== null ? [{ ...bot, content: bot.content }] : [],
  );
}
