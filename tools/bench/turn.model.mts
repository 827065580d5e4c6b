import { z } from 'zod';
import type { SandboxClient } from '../local/sandbox-client.mts';

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

/** The sandbox's model, told to answer at once and always the same. */
export class BenchModel {
  private readonly sandbox: SandboxClient;

  constructor(sandbox: SandboxClient) {
    this.sandbox = sandbox;
  }

  async prepare(): Promise<void> {
    await this.sandbox.openai.setPace({ firstTokenMs: 0, betweenTokensMs: 0, betweenReasoningTokensMs: 0 });
    await this.sandbox.openai.script({ reply: { text: ANSWER }, times: ENOUGH });
  }

  async requests(): Promise<ModelRequest[]> {
    return ModelRequests.parse(await this.sandbox.openai.requests());
  }

  forgetRequests(): Promise<unknown> {
    return this.sandbox.openai.forgetRequests();
  }
}

/** Numbered, so that it is known which request to the model belongs to which turn. */
export const question = (number: number) => `Question ${number}: what should I look at when I buy a bicycle?`;

/** The history holds earlier questions, so only the last message counts. */
export function numberIn({ body }: ModelRequest): number | undefined {
  const found = /\bQuestion (\d+):/.exec(body?.messages.at(-1)?.content ?? '');
  return found ? Number(found[1]) : undefined;
}
