import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Telegram takes 30 messages a second of one bot, the sandbox as well: four are enough for what two cores can do. */
export const BOTS = [7_100_000_001, 7_100_000_002, 7_100_000_003, 7_100_000_004];

const PROMPT =
  'You are a friendly assistant in a messenger. Answer clearly and briefly; use lists, tables and code where they ' +
  'help. When you do not know something, say so instead of guessing.';

/** Writes down a company of such bots; returns the variables with which the services run it. */
export function companyIn(folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  const named = BOTS.map((bot, i) => ({ bot, id: `bench-${i + 1}`, name: `Bench ${i + 1}` }));
  const botsFolder = join(folder, 'bots');
  mkdirSync(botsFolder, { recursive: true });
  // Limits that are never reached: setting money aside is part of every turn.
  const budgets = { personPerDayUsd: 1_000_000, botPerMonthUsd: 1_000_000 };
  for (const { bot, id, name } of named) {
    const channel = { kind: 'telegram', apiRoot: 'sandbox', token: `${bot}:sandbox-${id}` };
    // People of the bench write without end.
    const access = { flood: { burst: 1_000_000, perMinute: 1_000_000 } };
    const description = { name, channel, access, assistant: { systemPrompt: PROMPT }, budgets };
    writeFileSync(join(botsFolder, `${id}.json`), JSON.stringify(description));
  }
  return {
    SANDBOX_ACCEPT: 'tokens',
    BOTS_FOLDER: botsFolder,
    // Makes the bots wait for webhooks; nobody calls this address, because updates are brought from here.
    BOT_ADAPTER_PUBLIC_URL: 'http://127.0.0.1:9',
    // Previews count against this limit and would be left out.
    BOT_ADAPTER_BOT_MESSAGES_PER_SECOND: '1000',
  };
}
