import { z } from 'zod';

/** One of the known words, which editors complete, or another one that a later version says. */
export type OpenWord<Known extends string = never> = Known | (string & Record<never, never>);

export interface OpenWordSchema<Known extends string> extends z.ZodType<OpenWord<Known>, OpenWord<Known>> {
  /** What this version of the code says; others may come. */
  readonly known: readonly Known[];
}

/** The known words of a schema, for tables that need an entry for each: `Known<typeof ReplyOutcome>`. */
export type Known<Schema extends OpenWordSchema<string>> = Schema['known'][number];

/** `chat_gone`, `ogg-opus`: a word that is safe in logs, labels and keys of texts. */
const WORD = /^[a-z][a-z0-9]*([_-][a-z0-9]+)*$/;
const LONGEST_WORD = 40;

/**
 * A word out of a set that grows: a channel, a reason, a kind. It is no enum, because an old reader would refuse the whole
 * event for one new value: readers cope with a word they do not know. Only what decides money or access is a closed enum.
 * @param known the words that are said today, listed as examples in the published schema
 */
export function openWord<const Word extends string>(
  known: readonly Word[],
  { pattern = WORD, message, ...meta }: { id: string; description: string; pattern?: RegExp; message?: string },
): OpenWordSchema<Word> {
  const schema = z
    .string()
    .max(LONGEST_WORD)
    .regex(pattern, message)
    .meta({ ...meta, examples: known });
  return Object.assign(schema as unknown as z.ZodType<OpenWord<Word>, OpenWord<Word>>, { known });
}
