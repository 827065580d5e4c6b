import { z } from 'zod';

/** What the speaking process is asked: pieces in order, each in one voice. */
export const SpeakOrder = z.object({
  parts: z
    .array(
      z.object({
        text: z.string().min(1),
        voice: z.string(),
        /** Silence after the piece, in milliseconds. */
        pauseMs: z.int().nonnegative(),
      }),
    )
    .min(1),
  wordsPerMinute: z.int().positive(),
});
export type SpeakOrder = z.infer<typeof SpeakOrder>;

export const SpeakAnswer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('spoken'),
    ogg: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    durationMs: z.int().nonnegative(),
  }),
  z.object({ kind: z.literal('silent') }),
  z.object({ kind: z.literal('not-installed'), message: z.string() }),
]);
export type SpeakAnswer = z.infer<typeof SpeakAnswer>;
