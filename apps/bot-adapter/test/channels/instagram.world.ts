import { BeginConnection, CompleteConnection } from '@switchboard/contracts';
import { type TestApp, type TestAppOptions, until } from '@switchboard/testing';
import { defineBotAdapter } from '../../src/bot-adapter.module';
import { instagram } from '../../src/channels/instagram/instagram.factory';
import { assistant } from '../../src/products/assistant/assistant.module';
import { startBotAdapter } from '../start-bot-adapter';
import { SandboxClient, startSandbox } from '../start-sandbox';

export const APP = 'sandbox';
export const ACCOUNTS = { one: '17841400000000011', two: '17841400000000022' } as const;
export const THIRD = '17841400000000033';

interface SeenMessage {
  mid: string;
  from: 'person' | 'account';
  by?: string;
  text?: string;
  attachments?: { type: string; payload?: { url?: string } }[];
  quickReplies?: { title: string; payload: string }[];
  tag?: string;
  deleted?: boolean;
}

/** Instagram as the sandbox plays it, and the service connected to it by its pages. */
export class InstagramWorld {
  private constructor(
    readonly app: TestApp,
    readonly sandbox: SandboxClient,
    private readonly close: () => Promise<void>,
  ) {}

  static async start(
    options: TestAppOptions & { channel?: object; bot?: object; connect?: boolean; port?: number } = {},
  ): Promise<InstagramWorld> {
    const { channel = {}, bot: described = {}, connect = true, port, env, ...others } = options;
    const accounts = [
      { id: ACCOUNTS.one, username: 'juniper.store', name: 'Juniper' },
      { id: ACCOUNTS.two, username: 'northwind.shop', name: 'Northwind' },
      { id: THIRD, username: 'third.shop', name: 'Third' },
    ];
    const sandbox = await startSandbox({ pace: 0.05, instagram: { accounts } });
    const bot = (name: string) => ({
      name,
      channel: { kind: 'instagram', apiRoot: 'sandbox', ...channel },
      languages: ['en', 'ru'],
      access: { flood: { burst: 10_000 } },
      ...described,
    });
    const app = await startBotAdapter(
      { apiRoot: 'http://127.0.0.1:9' },
      {
        ...others,
        app: defineBotAdapter({ channels: [instagram], products: [assistant] }),
        bots: { lumen: bot('Lumen'), northwind: bot('Northwind') },
        env: {
          INSTAGRAM_SANDBOX_URL: sandbox.addresses['instagram']!,
          ...(port && { BOT_ADAPTER_PORT: String(port), BOT_ADAPTER_PUBLIC_URL: `http://127.0.0.1:${port}` }),
          ...env,
        },
      },
    );
    const world = new InstagramWorld(app, new SandboxClient(sandbox.url), async () => {
      await app.stop();
      await sandbox.close();
    });
    const url = `${app.url}/webhooks/instagram/_`;
    await world.ask('PUT', `/apps/${APP}/webhook`, { url, verifyToken: 'sandbox-verify-token' });
    if (connect) {
      await world.connect('lumen', ACCOUNTS.one);
      await world.connect('northwind', ACCOUNTS.two);
    }
    return world;
  }

  ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return this.sandbox.party('instagram')<T>(method, path, body);
  }

  /** A member of staff connects an account in the browser. */
  async connect(botId: string, account: string) {
    const { state, code } = await this.allow(botId, account);
    return (await this.app.gateway.call(CompleteConnection, { body: { code, state } })).connection;
  }

  /** Up to the moment at which the page of the channel sends the browser back. */
  async allow(botId: string, account: string): Promise<{ state: string; code: string }> {
    const body = { kind: 'instagram', botId, returnTo: '/bots' };
    const { url } = await this.app.gateway.call(BeginConnection, { body });
    const { location } = await this.ask<{ location: string }>('POST', '/visits', { url, account });
    const query = new URL(location).searchParams;
    return { state: query.get('state')!, code: query.get('code')! };
  }

  async person(name = 'Emma'): Promise<string> {
    return (await this.ask<{ id: string }>('POST', '/people', { name })).id;
  }

  /** Gives back the id of the message. */
  async say(person: string, account: string, said: object): Promise<string> {
    return (await this.ask<{ mid: string }>('POST', `/people/${person}/messages`, { account, ...said })).mid;
  }

  async thread(
    person: string,
    account: string,
  ): Promise<{ messages: SeenMessage[]; seenMid?: string; scopedId: string }> {
    return this.ask('GET', `/threads/${account}/${person}`);
  }

  /** What the bot has said to somebody, oldest first. */
  async answers(person: string, account: string): Promise<SeenMessage[]> {
    return (await this.thread(person, account)).messages.filter(({ from, by }) => from === 'account' && by === APP);
  }

  answer(person: string, account: string, fits: (message: SeenMessage) => boolean): Promise<SeenMessage> {
    return until(async () => (await this.answers(person, account)).find(fits), { what: 'an answer of the bot' });
  }

  /** Brings a body as Instagram would; gives back the status. */
  async bring(body: unknown, secret?: string): Promise<number> {
    return (await this.ask<{ status: number }>('POST', `/apps/${APP}/calls`, { body, ...(secret && { secret }) }))
      .status;
  }

  misbehave(target: string, kind: string, more: object = {}): Promise<unknown> {
    return this.sandbox.addFaults({ target: `instagram.${target}`, kind, times: 1, ...more });
  }

  async connectionOf(botId: string): Promise<Record<string, unknown> | undefined> {
    const [row] = await this.app.service.db.query<Record<string, unknown>[]>(
      `SELECT * FROM channel_connections WHERE bot_id = $1 AND state <> 'disconnected'`,
      [botId],
    );
    return row;
  }

  stop(): Promise<void> {
    return this.close();
  }
}
