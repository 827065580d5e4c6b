import { Inject, Injectable } from '@nestjs/common';
import type { ChannelReport, FieldError } from '@switchboard/contracts';
import { BotsRegistry, Clock, CONFIG, LOG, type Log } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { BotAdapterConfig } from '../bot-adapter.config';
import { ReceivedElsewhere } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Receiver } from './receiver.entity';

/** A poll is answered many times a minute; so often that is written down. */
const NOTE_EVERY_MS = 30_000;

/** Where the updates of each bot go, and whether they arrive. */
@Injectable()
export class ReceiversService {
  private readonly notedAt = new Map<string, number>();

  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: BotAdapterConfig,
    @Inject(LOG) private readonly log: Log,
    registry: Registry,
  ) {
    this.exposeMetrics(registry);
  }

  /** The address at which this bot is to be reached; undefined when updates are to be asked for. */
  webhookOf(botId: string): string | undefined {
    const kind = this.channels.find(botId) && this.bots.find(botId)?.channel.kind;
    return kind && this.addressFor(kind, botId);
  }

  private addressFor(kind: string, botId: string): string | undefined {
    const { BOT_ADAPTER_PUBLIC_URL: publicUrl } = this.config;
    if (!publicUrl || !this.channels.hasWebhooks(kind)) return undefined;
    return `${publicUrl.replace(/\/$/, '')}/webhooks/${kind}/${botId}`;
  }

  /** Has updates come here. Throws ReceivedElsewhere when they go to a program that is not ours. */
  async direct(botId: string): Promise<void> {
    const receiving = this.channels.find(botId)?.receiving;
    if (!receiving) return;
    const webhookUrl = this.webhookOf(botId) ?? null;
    const ours = (await this.db.manager.findOneBy(Receiver, { botId }))?.webhookUrl ?? undefined;
    try {
      const takeOver = this.config.BOT_ADAPTER_TAKE_OVER;
      await receiving.direct(webhookUrl ?? undefined, { takeOver, ...(ours && { ours }) });
    } catch (error) {
      if (error instanceof ReceivedElsewhere) await this.write(botId, { elsewhere: true });
      throw error;
    }
    await this.write(botId, { webhookUrl, elsewhere: false, contactAt: this.clock.now() });
  }

  /** Has updates of a bot that was archived come here no more. */
  async leave(botId: string): Promise<void> {
    const kind = this.bots.archived(botId)?.channel.kind;
    const row = await this.db.manager.findOneBy(Receiver, { botId });
    // Not only what is written down: a process may have been killed between the channel's answer and that.
    const ours = row?.webhookUrl ?? (kind && this.addressFor(kind, botId));
    if (!ours) return;
    try {
      await this.channels.ofArchived(botId)?.receiving?.direct(undefined, { ours, takeOver: false });
    } catch (error) {
      // Somebody else's webhook is not ours to remove.
      if (!(error instanceof ReceivedElsewhere)) throw error;
    }
    await this.write(botId, { webhookUrl: null });
    this.log.info({ bot: botId }, 'updates of an archived bot come here no more');
  }

  /** What the channel says of credentials, and whether another bot has them. */
  async inspect(botId: string, section: unknown, secrets: Readonly<Record<string, string>>): Promise<ChannelReport> {
    const channel = this.channels.draft(botId, section, secrets);
    if (Array.isArray(channel)) return { findings: channel.map(unusable) };
    const refused = await this.channels.mistakesInServers(section);
    if (refused.length > 0) return { findings: refused.map(unusable) };
    const known = (await this.db.manager.findOneBy(Receiver, { botId }))?.webhookUrl;
    const { account, findings } = await channel.inspect((url) => url === known || this.isHere(url));
    const { kind } = section as { kind: string };
    const user = this.channels.userOf(kind, account?.id ?? channel.account, botId);
    return { ...(account && { account }), findings: [...(user ? [inUse(user)] : []), ...findings] };
  }

  /** Whether an address is one of the webhooks of this installation. */
  private isHere(url: string): boolean {
    const { BOT_ADAPTER_PUBLIC_URL: publicUrl } = this.config;
    return publicUrl !== undefined && url.startsWith(`${publicUrl.replace(/\/$/, '')}/webhooks/`);
  }

  /** Asks the channel how it goes, and has updates come here again when our webhook was lost. */
  async check(botId: string): Promise<void> {
    const receiving = this.channels.find(botId)?.receiving;
    if (!receiving) return;
    const { url, waiting, lastError } = await receiving.state();
    const wanted = this.webhookOf(botId);
    const elsewhere = Boolean(url) && url !== wanted;
    const contact = wanted ? { contactAt: this.clock.now() } : {};
    await this.write(botId, { waiting: waiting ?? null, failedAt: lastError?.at ?? null, elsewhere, ...contact });
    if (url === wanted || (!url && !wanted)) return;
    if (elsewhere) this.log.error({ bot: botId }, 'updates of a bot go to an address that is not ours');
    else this.log.warn({ bot: botId }, 'the webhook of a bot was lost and is set again');
    await this.direct(botId);
  }

  /** The channel answered a poll. */
  async heard(botId: string): Promise<void> {
    const now = performance.now();
    if (now - (this.notedAt.get(botId) ?? -Infinity) < NOTE_EVERY_MS) return;
    this.notedAt.set(botId, now);
    await this.write(botId, { contactAt: this.clock.now(), elsewhere: false });
  }

  /** How far the updates of this account were processed, by this process or another one. */
  async cursorOf(botId: string, account: string): Promise<string | undefined> {
    const { cursor } = (await this.db.manager.findOneBy(Receiver, { botId })) ?? {};
    const mark = `${account} `;
    return cursor?.startsWith(mark) ? cursor.slice(mark.length) : undefined;
  }

  async moveCursor(botId: string, account: string, cursor: string): Promise<void> {
    await this.write(botId, { cursor: `${account} ${cursor}` });
  }

  private async write(botId: string, change: Partial<Receiver>): Promise<void> {
    await this.db.manager.upsert(Receiver, { botId, elsewhere: false, ...change }, ['botId']);
  }

  private exposeMetrics(registry: Registry): void {
    const { bots } = this;
    const receivers = () => this.db.manager.find(Receiver).catch(() => [] as Receiver[]);
    const expose = (metric: { name: string; help: string }, valueOf: (receiver: Receiver) => number | null) =>
      new Gauge({
        ...metric,
        labelNames: ['bot'],
        registers: [registry],
        async collect() {
          const rows = (await receivers()).filter(({ botId }) => bots.find(botId));
          this.reset();
          for (const row of rows) {
            const value = valueOf(row);
            if (value !== null) this.set({ bot: row.botId }, value);
          }
        },
      });
    const seconds = (date: Date | null) => date && date.getTime() / 1000;
    // All are read from rows, so every process tells the same.
    expose({ name: 'receiving_contact_timestamp_seconds', help: 'When the channel last answered.' }, ({ contactAt }) =>
      seconds(contactAt),
    );
    expose(
      { name: 'receiving_waiting_updates', help: 'Updates that waited in the channel when it was last asked.' },
      ({ waiting }) => waiting,
    );
    expose(
      { name: 'receiving_failed_timestamp_seconds', help: 'When the channel last failed to bring an update.' },
      ({ failedAt }) => seconds(failedAt),
    );
    expose(
      { name: 'receiving_elsewhere', help: '1 when updates go to an address that is not ours.' },
      ({ elsewhere }) => Number(elsewhere),
    );
  }
}

const unusable = ({ pointer, code, detail }: FieldError): ChannelReport['findings'][number] => ({
  code,
  severity: 'error',
  params: { pointer },
  detail,
});

/** Two of one account would take each other's messages away. */
const inUse = (bot: string): ChannelReport['findings'][number] => ({
  code: 'account_in_use',
  severity: 'error',
  params: { bot },
  detail: { en: `The bot "${bot}" has this account already.`, ru: `Этот аккаунт уже у бота «${bot}».` },
});
