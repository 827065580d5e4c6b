import { signInEnv } from '../../gateway/test/start-gateway';
import { SandboxClient } from '../../sandbox/src/client';
import { Program } from './program';

export const LUMEN = { token: '7000000001:sandbox-lumen', username: 'lumen_bot', name: 'Lumen' };
export const NORTHWIND = { token: '7000000002:sandbox-northwind', username: 'northwind_bot', name: 'Northwind' };
export const LANTERN = { token: '7000000003:sandbox-lantern', username: 'lantern_bot', name: 'Lantern' };
/** The shop that the sandbox has from the beginning. */
export const YOOKASSA_SHOP = { shopId: '500001', secretKey: 'test_sandbox' };

export interface Fault {
  target: string;
  kind: string;
  times?: number;
  ms?: number;
  retryAfter?: number;
}

export interface TelegramCall {
  method: string;
  params: { chat_id?: number; text?: string; draft_id?: number; message_id?: number };
  receivedAt: number;
  status: number | null;
}

export interface ModelRequest {
  id: number;
  path: string;
  body: { messages: { role: string; content: string }[] };
}

/** The third parties, in a process of their own. Its README describes the control API. */
export class Sandbox {
  private constructor(
    private readonly program: Program,
    readonly url: string,
    readonly client: SandboxClient,
    private readonly smtpUrl: string,
  ) {}

  static async start(): Promise<Sandbox> {
    const bots = JSON.stringify([LUMEN, NORTHWIND, LANTERN]);
    const program = new Program('apps/sandbox/dist/src/main.js', { SANDBOX_PORT: '0', SANDBOX_BOTS: bots });
    const [ready] = await program.said((line) => line.includes('"ready"'));
    const { url } = JSON.parse(ready!) as { url: string };
    const client = new SandboxClient(url);
    return new Sandbox(program, url, client, await client.mailbox.smtpUrl());
  }

  /** The variables by which services find their third parties here. */
  get env(): Record<string, string> {
    const models = `${this.url}/openai/v1`;
    return {
      BOT_ADAPTER_SANDBOX_API_ROOT: `${this.url}/telegram`,
      CHAT_AI_SANDBOX_BASE_URL: models,
      TTS_WORKER_SANDBOX_BASE_URL: models,
      PAYMENTS_SANDBOX_URL: this.url,
      VPN_PROVISIONER_CLOUDS_SANDBOX_URL: this.url,
      ...signInEnv({ telegram: `${this.url}/telegram-login`, openid: `${this.url}/openid` }, this.smtpUrl),
    };
  }

  /** What goes wrong from now on, instead of what did before. */
  misbehave = (...rules: Fault[]) => this.control('PUT', 'faults', rules);

  /** What a model says to someone whose last message, or whose system prompt, has `match` in it. */
  script = (match: string, text: string) => this.control('POST', 'openai/script', { match, reply: { text } });

  /** What the next recording says. */
  scriptTranscript = (transcript: string) => this.control('POST', 'openai/script', { reply: { transcript } });

  pace = (firstTokenMs: number, betweenTokensMs: number) =>
    this.control('PUT', 'openai/pace', { firstTokenMs, betweenTokensMs, betweenReasoningTokensMs: 0 });

  calls(method: string, chat: number): Promise<TelegramCall[]> {
    return this.control('GET', `telegram/calls?method=${method}&chat=${chat}`);
  }

  /** What models of conversation were asked whose last message has `match` in it. */
  async modelRequests(match: string): Promise<ModelRequest[]> {
    const all = await this.control<ModelRequest[]>('GET', 'openai/requests');
    return all.filter(
      ({ path, body }) => path === '/chat/completions' && body.messages.at(-1)!.content.includes(match),
    );
  }

  file = (fileId: string): Promise<Buffer> => this.client.file(fileId);

  /** Forgets faults and scripts of the test before. */
  async calm(): Promise<void> {
    await Promise.all([this.misbehave(), this.control('DELETE', 'openai/script'), this.pace(50, 4)]);
  }

  control<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return this.client.ask<T>(method, `/${path}`, body);
  }

  async stop(): Promise<void> {
    await this.program.kill('SIGTERM');
  }
}
