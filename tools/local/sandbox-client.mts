import type { SandboxClient } from '../../apps/sandbox/dist/src/client.js';
import { until } from './processes.mts';

export type { SandboxClient } from '../../apps/sandbox/dist/src/client.js';
export type BotMessage = Awaited<ReturnType<SandboxClient['telegram']['messages']>>[number];
export type ApiCall = Pick<
  Awaited<ReturnType<SandboxClient['telegram']['calls']>>[number],
  'id' | 'bot' | 'method' | 'params' | 'receivedAt' | 'finishedAt' | 'status'
>;

/** The sandbox's own client. It is loaded when it is asked for: before the build, which tools run themselves, it is not there. */
export async function connectSandbox(url: string): Promise<SandboxClient> {
  const client = (await import('../../apps/sandbox/dist/src/client.js')) as {
    SandboxClient: new (url: string) => SandboxClient;
  };
  return new client.SandboxClient(url);
}

/** What a bot wrote in its private chat with a person, after a message id. */
export async function fromBot(
  sandbox: SandboxClient,
  person: number,
  bot: number | string,
  after = 0,
): Promise<BotMessage[]> {
  return (await sandbox.telegram.messages(person, bot, after)).filter((message) => message.from?.is_bot);
}

/** Waits for something the bot wrote after `after` that fits. */
export async function answerOf(
  sandbox: SandboxClient,
  { person, bot, after }: { person: number; bot: number | string; after: number },
  fits: (message: BotMessage) => boolean,
  timeoutMs: number,
): Promise<BotMessage | undefined> {
  let found: BotMessage | undefined;
  const look = async () => Boolean((found = (await fromBot(sandbox, person, bot, after)).find(fits)));
  await until(look, timeoutMs, 25);
  return found;
}
