import { z } from 'zod';

/** What the child process is asked for: pieces in order, each in the voice of its language. */
export const EspeakTask = z.object({
  parts: z
    .array(
      z.object({
        text: z.string().min(1),
        /** In order of preference: not every language has a voice. */
        voices: z.array(z.string()).min(1),
        /** Silence after the piece, in milliseconds. */
        pauseMs: z.int().nonnegative(),
      }),
    )
    .min(1),
  wordsPerMinute: z.int().positive(),
});
export type EspeakTask = z.infer<typeof EspeakTask>;

export const EspeakResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('spoken'),
    ogg: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    durationMs: z.int().nonnegative(),
  }),
  z.object({ kind: z.literal('silent') }),
  z.object({ kind: z.literal('not-installed'), message: z.string() }),
]);
export type EspeakResult = z.infer<typeof EspeakResult>;
