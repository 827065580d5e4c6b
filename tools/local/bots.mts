import { watch } from 'node:fs';
import { join } from 'node:path';
import type { BotSource } from '@switchboard/service-kit';
import type { SandboxClient } from './sandbox-client.mts';
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

/** Editors and copies write a file in several steps. Sooner than the services, which wait longer. */
const SETTLE_MS = 100;

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

/** Tells a running sandbox of bots that are added or changed, as the services follow them. Returns how to stop. */
export function followSandboxBots(folder: string, env: Variables, { telegram }: SandboxClient): () => void {
  const tell = async () => {
    for (const { id: _, ...bot } of await sandboxBots(folder, env)) await telegram.addBot(bot);
  };
  let settling: NodeJS.Timeout | undefined;
  const watcher = watch(folder, () => {
    clearTimeout(settling);
    // A file that is half written, or a sandbox that is going down: the next change tells again.
    settling = setTimeout(() => void tell().catch(() => undefined), SETTLE_MS);
  });
  watcher.on('error', () => watcher.close());
  return () => {
    clearTimeout(settling);
    watcher.close();
  };
}

async function read(folder: string, env: Variables): Promise<(BotSource & { content: Content })[]> {
  // Not before the build, which tools run themselves.
  const { readBotsFolder } = await import('@switchboard/service-kit');
  return readBotsFolder(folder, env).flatMap((bot) =>
    typeof bot.content === 'object' && bot.content !== null ? [{ ...bot, content: bot.content }] : [],
  );
}
