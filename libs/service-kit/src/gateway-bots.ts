import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { Controller, Inject, Module } from '@nestjs/common';
import { OnSignal, type PeriodicTask, type PeriodicTasks, type RunningTask } from '@switchboard/bus';
import { BotsChanged, type KeptBot, ReadBotDescriptions } from '@switchboard/contracts';
import type { DataSource } from 'typeorm';
import type { BotSource, BotsSource } from './bot-source';
import type { FieldCipher } from './field-cipher';
import type { ServiceClient } from './http/service-client';
import type { Log } from './log';

/** It keeps bots itself, and asks nobody for them. */
export const BOTS_KEEPER = 'gateway';

export const FollowGatewayBots: PeriodicTask = {
  name: 'follow-gateway-bots',
  everyMs: 10_000,
  purpose: 'Asks the gateway whether its bots have changed, because the signal that says so may be lost.',
};
/** A gateway that begins together with us is there within seconds. */
const ASK_AGAIN_AFTER_MS = 1000;
const ANSWER_WITHIN_MS = 5000;

/** Where the last answer is kept, encrypted. */
export const KEPT_ANSWER = 'gateway_bots.answer';
const ROW = 'all';

export interface GatewayBotsOptions {
  client: ServiceClient;
  cipher: FieldCipher;
  tasks: PeriodicTasks;
  log: Log;
  /** That of the files, which bots that were taken over may go on naming. */
  folder: string | undefined;
}

/**
 * The bots that the gateway keeps, as it described them last. The answer is kept in the database of the service, so that it starts
 * with these bots also when the gateway is away; the very first time it starts without them. Every process asks again when the
 * gateway signals a change, and every ten seconds.
 */
export class GatewayBots implements BotsSource {
  private bots: readonly BotSource[] = [];
  private revision: string | undefined;
  /** An answer that is not in the database yet. */
  private toBeKept: string | undefined;
  private db: DataSource | undefined;
  private asking: RunningTask | undefined;

  constructor(private readonly options: GatewayBotsOptions) {}

  /** Takes up what was kept of the last answer; to be called when the database is there. */
  async open(db: DataSource): Promise<void> {
    this.db = db;
    const { cipher, log } = this.options;
    const [row] = await db.query<{ answer: string }[]>('SELECT answer FROM gateway_bots WHERE id = $1', [ROW]);
    try {
      const answer = row && cipher.tryDecrypt(row.answer, KEPT_ANSWER, ROW);
      if (answer) this.take(ReadBotDescriptions.answer.decode(JSON.parse(answer) as never));
    } catch (error) {
      // Of another version, or damaged: the gateway is asked soon, and in full.
      log.warn({ err: error }, 'what the gateway said last of its bots cannot be read');
    }
  }

  read(): BotSource[] {
    return [...this.bots];
  }

  follow(changed: () => Promise<void>): () => Promise<void> {
    const asking = this.options.tasks.start(FollowGatewayBots, {
      afterFailureMs: ASK_AGAIN_AFTER_MS,
      run: async (signal) => {
        await this.ask(signal);
        try {
          // Also when there is nothing new: what could not be carried out is tried again.
          await changed();
        } finally {
          await this.keep();
        }
      },
    });
    this.asking = asking;
    return () => asking.stop();
  }

  /** The gateway says that something has changed. */
  wake(): void {
    this.asking?.wake();
  }

  private async ask(signal: AbortSignal): Promise<void> {
    const { client } = this.options;
    // Services may run without one, with the bots of their files.
    if (client.addressOf(BOTS_KEEPER) === undefined) return;
    const query = { ...(this.revision && { known: this.revision }) };
    const answer = await client.call(ReadBotDescriptions, { query }, { timeoutMs: ANSWER_WITHIN_MS, signal });
    if (!answer.bots) return;
    const bots = answer.bots.map((bot) => this.withKnownSecrets(bot));
    this.take({ ...answer, bots });
    this.toBeKept = JSON.stringify(ReadBotDescriptions.answer.encode({ ...answer, bots }));
  }

  /** What the gateway cannot read just now is as it was. */
  private withKnownSecrets(bot: KeptBot): KeptBot {
    const known = this.bots.find(({ id }) => id === bot.id)?.kept?.secrets ?? {};
    const kept = Object.entries(known).filter(([name]) => bot.unreadable?.includes(name));
    return { ...bot, secrets: { ...Object.fromEntries(kept), ...bot.secrets } };
  }

  private take({ revision, bots = [] }: { revision: string; bots?: KeptBot[] | undefined }): void {
    this.revision = revision;
    this.bots = bots.map((bot) => sourceOf(bot, this.options.folder));
  }

  private async keep(): Promise<void> {
    const answer = this.toBeKept;
    if (answer === undefined) return;
    await this.db!.query(
      `INSERT INTO gateway_bots (id, answer, kept_at) VALUES ($1, $2, now())
       ON CONFLICT (id) DO UPDATE SET answer = excluded.answer, kept_at = excluded.kept_at`,
      [ROW, this.options.cipher.encrypt(answer, KEPT_ANSWER, ROW)],
    );
    if (this.toBeKept === answer) this.toBeKept = undefined;
  }
}

function sourceOf(bot: KeptBot, folder: string | undefined): BotSource {
  const { unreadable: _, ...content } = bot;
  const { id, description, state, secrets, takenFrom } = content;
  return {
    id,
    origin: `${id} (gateway)`,
    folder: folder && resolve(folder),
    env: {},
    content: description,
    revision: createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16),
    kept: { state, secrets, takenFrom },
  };
}

/** Hears the gateway say that a bot has changed. */
@Controller()
class GatewayBotsHandlers {
  constructor(@Inject(GatewayBots) private readonly bots: GatewayBots) {}

  @OnSignal(BotsChanged)
  changed(): void {
    this.bots.wake();
  }
}

/** Of every service but the gateway. */
@Module({ controllers: [GatewayBotsHandlers] })
export class GatewayBotsModule {}
