import { createHash } from 'node:crypto';
import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PeriodicTask, PeriodicTasks } from '@switchboard/bus';
import type { BotSource, BotsSource } from './bot-source';
import type { Env } from './config';

export const ReadBots: PeriodicTask = {
  name: 'read-bots',
  everyMs: 30_000,
  purpose: 'Reads the descriptions of bots again, because not every disk says that they have changed.',
};
/** Editors and copies write a file in several steps. */
const SETTLE_MS = 200;
const SUFFIX = '.json';
const TOKEN_VARIABLE = 'TELEGRAM_BOT_TOKEN';

export interface BotsFolderOptions {
  folder: string;
  env: Env;
  tasks: PeriodicTasks;
  pollEveryMs?: number;
  /** False leaves it to the poll, as a mounted volume does that tells of no changes. */
  watch?: boolean;
}

/**
 * Bots from a folder with one file for each: `northwind.json` describes the bot `northwind`. TELEGRAM_BOT_TOKEN puts the
 * first bot of the sandbox into the real Telegram, unless a file names that variable itself.
 */
export class BotsFolder implements BotsSource {
  constructor(private readonly options: BotsFolderOptions) {}

  read(): BotSource[] {
    return readBotsFolder(this.options.folder, this.options.env);
  }

  follow(changed: () => Promise<void>): () => void {
    const { folder, tasks, pollEveryMs = ReadBots.everyMs } = this.options;
    let settling: NodeJS.Timeout | undefined;
    let watcher: FSWatcher | undefined;
    const startWatching = () => {
      if (watcher || this.options.watch === false) return;
      try {
        watcher = watch(folder, () => {
          clearTimeout(settling);
          settling = setTimeout(() => polling.wake(), SETTLE_MS);
        });
        // A folder that was replaced is watched anew at the next poll.
        watcher.on('error', () => watcher?.close());
        watcher.on('close', () => (watcher = undefined));
      } catch {
        watcher = undefined; // no such folder at the moment, or no watches left: the poll goes on
      }
    };
    startWatching();
    const polling = tasks.start(ReadBots, {
      everyMs: pollEveryMs,
      firstAfterMs: pollEveryMs,
      run() {
        startWatching();
        return changed();
      },
    });
    return () => {
      clearTimeout(settling);
      void polling.stop();
      watcher?.close();
    };
  }
}

/** The bots of such a folder, as services read them. Throws when there are none. */
export function readBotsFolder(folder: string, env: Env): BotSource[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'));
  if (names.length === 0) throw new Error(`there is no ${SUFFIX} file in ${folder}`);
  const bots = names.sort().map((name) => readBot(folder, name, env));
  return env[TOKEN_VARIABLE] || env[`${TOKEN_VARIABLE}_FILE`] ? withRealToken(bots) : bots;
}

function readBot(folder: string, name: string, env: Env): BotSource {
  const source = { id: name.slice(0, -SUFFIX.length), origin: name, folder: resolve(folder), env };
  try {
    const text = readFileSync(join(folder, name), 'utf8');
    const content = JSON.parse(text) as unknown;
    return { ...source, content, revision: revisionOf(text, content, folder) };
  } catch (error) {
    return { ...source, mistake: (error as Error).message, revision: '' };
  }
}

/** Without a folder there is one bot, that of TELEGRAM_BOT_TOKEN; without that there are none but those of the gateway. */
export class OnlyBot implements BotsSource {
  constructor(private readonly env: Env) {}

  read(): BotSource[] {
    if (!this.env[TOKEN_VARIABLE] && !this.env[`${TOKEN_VARIABLE}_FILE`]) return [];
    const content = { name: 'Assistant', channel: { kind: 'telegram', tokenEnv: TOKEN_VARIABLE } };
    return [{ id: 'assistant', origin: TOKEN_VARIABLE, folder: resolve('.'), env: this.env, content, revision: '1' }];
  }

  follow(): () => void {
    return () => undefined;
  }
}

interface ChannelContent {
  channel?: { kind?: unknown; apiRoot?: unknown; tokenEnv?: unknown };
}

function withRealToken(bots: BotSource[]): BotSource[] {
  const channelOf = (bot: BotSource) => (bot.content as ChannelContent | null | undefined)?.channel;
  if (bots.some((bot) => channelOf(bot)?.tokenEnv === TOKEN_VARIABLE)) return bots;
  const first = bots.find((bot) => channelOf(bot)?.kind === 'telegram' && channelOf(bot)?.apiRoot === 'sandbox');
  return bots.map((bot) =>
    bot === first
      ? { ...bot, content: { ...(bot.content as object), channel: { kind: 'telegram', tokenEnv: TOKEN_VARIABLE } } }
      : bot,
  );
}

/** Of the file and of those it names for secrets: a token that was rotated is a change as well. */
function revisionOf(text: string, content: unknown, folder: string): string {
  const hash = createHash('sha256').update(text);
  JSON.stringify(content, (key, value: unknown) => {
    if (key.endsWith('File') && typeof value === 'string') {
      try {
        hash.update(`\0${value}\0`).update(readFileSync(resolve(folder, value)));
      } catch {
        // told when somebody asks for that secret
      }
    }
    return value;
  });
  return hash.digest('hex').slice(0, 16);
}
