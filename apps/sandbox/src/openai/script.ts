import { z } from 'zod';

const ScriptedReply = z.strictObject({
  text: z.string().optional(),
  /** The text in exactly these deltas, instead of one per token. */
  chunks: z.array(z.string()).optional(),
  toolCalls: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        name: z.string(),
        /** An object, or a string to be sent as it is, broken JSON included. */
        arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).default({}),
      }),
    )
    .optional(),
  refusal: z.string().optional(),
  finishReason: z.enum(['stop', 'length', 'tool_calls', 'content_filter']).optional(),
  usage: z
    .strictObject({
      promptTokens: z.int().nonnegative(),
      completionTokens: z.int().nonnegative(),
      cachedTokens: z.int().nonnegative(),
      reasoningTokens: z.int().nonnegative(),
    })
    .partial()
    .optional(),
  /** What a transcription hears; a reply with it answers transcriptions and nothing else. */
  transcript: z.string().optional(),
});
export type ScriptedReply = z.infer<typeof ScriptedReply>;

export const ScriptedAnswer = z.strictObject({
  /** A substring of the last user message or of the system prompt; for transcriptions of the file name or prompt. */
  match: z.string().min(1).optional(),
  reply: ScriptedReply,
  times: z.int().positive().default(1),
});
export type ScriptedAnswer = z.infer<typeof ScriptedAnswer>;
/** As it is sent: what has a default may be left out. */
export type NewScriptedAnswer = z.input<typeof ScriptedAnswer>;

/** Answers waiting to be given. The first that matches goes first; each is given `times` times. */
export class Script {
  private waiting: ScriptedAnswer[] = [];

  push(answers: ScriptedAnswer[]): void {
    this.waiting.push(...answers.map((answer) => ({ ...answer })));
  }

  takeReply(seen: string[]): ScriptedReply | undefined {
    return this.take((reply) => reply.transcript === undefined, seen);
  }

  takeTranscript(seen: string[]): string | undefined {
    return this.take((reply) => reply.transcript !== undefined, seen)?.transcript;
  }

  list(): ScriptedAnswer[] {
    return this.waiting;
  }

  clear(): void {
    this.waiting = [];
  }

  private take(fits: (reply: ScriptedReply) => boolean, seen: string[]): ScriptedReply | undefined {
    const found = this.waiting.find(
      ({ match, reply }) => fits(reply) && (match === undefined || seen.some((text) => text.includes(match))),
    );
    if (!found) return undefined;
    found.times -= 1;
    if (found.times === 0) this.waiting = this.waiting.filter((other) => other !== found);
    return found.reply;
  }
}
