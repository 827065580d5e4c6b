import { z } from 'zod';

const ModelRequests = z.array(
  z.object({
    path: z.string(),
    body: z.object({ messages: z.array(z.object({ content: z.string() })) }).nullable(),
    receivedAt: z.number(),
    finishedAt: z.number().nullable(),
  }),
);

/** What the sandbox's model was asked; times are milliseconds since the epoch. */
export type ModelRequest = z.output<typeof ModelRequests>[number];

/** The sandbox forgets older ones. */
export const REMEMBERED_REQUESTS = 1000;

/** About as long as answers in a messenger are: 60 tokens, each of which comes in an event of its own. */
export const ANSWER =
  'First of all try how it fits you: the frame decides whether you will like to ride it, and no saddle makes up for ' +
  'a frame that is too big. Then look at the brakes, at the gears under load and at the wheels, which should run true. ' +
  'Ask what a repair costs, and whether the shop has the parts.';

const ENOUGH = 1_000_000;

/** The pretended model of the sandbox, told to answer at once and always the same. */
export class BenchModel {
  private readonly control: string;

  constructor(sandboxUrl: string) {
    this.control = `${sandboxUrl}/control/openai`;
  }

  async prepare(): Promise<void> {
    await this.ask('PUT', '/pace', { firstTokenMs: 0, betweenTokensMs: 0 });
    await this.ask('POST', '/script', { reply: { text: ANSWER }, times: ENOUGH });
  }

  async requests(): Promise<ModelRequest[]> {
    return ModelRequests.parse(await this.ask('GET', '/requests'));
  }

  async forgetRequests(): Promise<void> {
    await this.ask('DELETE', '/requests');
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.control + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The sandbox answered ${response.status} to ${method} ${path}: ${text}`);
    return text && text !== 'No Content' ? JSON.parse(text) : undefined;
  }
}

/** Numbered, so that it is known which request to the model belongs to which turn. */
export const question = (number: number) => `Question ${number}: what should I look at when I buy a bicycle?`;

/** The history holds earlier questions, so only the last message counts. */
export function numberIn({ body }: ModelRequest): number | undefined {
  const found = /\bQuestion (\d+):/.exec(body?.messages.at(-1)?.content ?? '');
  return found ? Number(found[1]) : undefined;
}
