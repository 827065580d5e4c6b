import { SandboxClient } from '../../sandbox/src/client';
import { startSandbox } from '../../sandbox/src/sandbox';

/** What the sandbox has received as one call of a model. */
export interface ModelCall {
  readonly id: number;
  readonly path: string;
  readonly body: { messages: { role: string; content: string }[]; model: string; max_tokens?: number };
  readonly aborted: boolean;
  readonly receivedAt: number;
  readonly finishedAt: number | null;
}

export interface Fault {
  readonly kind: string;
  readonly times?: number;
  /** How many calls pass unharmed first. */
  readonly after?: number;
  readonly ms?: number;
  readonly retryAfter?: number;
  /** Word for word, for the kind `answer`. */
  readonly answer?: { status: number; headers?: Record<string, string>; body: unknown };
}

/** The pretended model on a port of its own, which answers at once unless told otherwise. */
export async function startModel() {
  const limits = { requestsPerMinute: 100_000, tokensPerMinute: 100_000_000 };
  // Assistants name models and keys of their own.
  const lax = { acceptAnyModel: true, acceptAnyKey: true };
  const sandbox = await startSandbox({
    openai: { pace: { firstTokenMs: 0, betweenTokensMs: 0, betweenReasoningTokensMs: 0 }, limits, ...lax },
  });
  const client = new SandboxClient(sandbox.url);
  const control = client.ask.bind(client);

  return {
    baseUrl: sandbox.openAiUrl,
    /** What it says next, or next to somebody whose last message has `match` in it. */
    say: (text: string, match?: string) =>
      control('POST', '/openai/script', { reply: { text }, ...(match !== undefined && { match }) }),
    script: (answer: object) => control('POST', '/openai/script', answer),
    /** Models with properties of their own. */
    serve: (...models: { id: string; vision?: boolean; shutdown_date?: string }[]) =>
      Promise.all(models.map((one) => control('POST', '/openai/models', one))),
    pace: (firstTokenMs: number, betweenTokensMs = 0) =>
      control('PUT', '/openai/pace', { firstTokenMs, betweenTokensMs }),
    fail: (...faults: Fault[]) =>
      control(
        'PUT',
        '/faults',
        faults.map((fault) => ({ target: 'openai.chat', times: 1, ...fault })),
      ),
    calls: async () =>
      (await control<ModelCall[]>('GET', '/openai/requests')).filter(({ path }) => path.endsWith('/chat/completions')),
    /** The texts that were sent to be embedded, in order. */
    embeddedTexts: async () => {
      const calls = await control<{ path: string; body: { input: string[] } }[]>('GET', '/openai/requests');
      return calls.filter(({ path }) => path.endsWith('/embeddings')).flatMap(({ body }) => body.input);
    },
    failEmbeddings: () => control('PUT', '/faults', [{ target: 'openai.embeddings', kind: '500', times: 100 }]),
    /** Forgets everything between two tests. */
    reset: async () => {
      await Promise.all([
        control('PUT', '/faults', []),
        control('DELETE', '/openai/script'),
        control('DELETE', '/openai/requests'),
        control('PUT', '/openai/pace', { firstTokenMs: 0, betweenTokensMs: 0, betweenReasoningTokensMs: 0 }),
      ]);
    },
    stop: () => sandbox.close(),
  };
}

export type RunningModel = Awaited<ReturnType<typeof startModel>>;
