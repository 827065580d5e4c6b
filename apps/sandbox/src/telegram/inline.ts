import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import { badRequest } from './api-error';
import { formattedText } from './formatted-text';
import { json, type Method, method, string } from './method';
import { OpenQueries, type People } from './people';
import { type Conversation, type Person, type StoredMessage, type TelegramState } from './state';
import { userById, userOfPerson } from './to-wire';

/** The server forgets a query after this. */
const LIFETIME_MS = 30_000;
const MAX_RESULTS = 50;

const Result = z.looseObject({
  type: z.string(),
  id: z.string().min(1).max(64),
  title: z.string().optional(),
  description: z.string().optional(),
  input_message_content: z
    .looseObject({ message_text: z.string().optional(), parse_mode: z.string().optional() })
    .optional(),
  reply_markup: z.looseObject({}).optional(),
});
export type InlineResult = z.infer<typeof Result>;

interface Shown {
  bot: number;
  query: string;
  results: InlineResult[];
}

/** Inline queries: `@bot words` typed in any chat, and the result a person picks. */
export class InlineQueries {
  private readonly open: OpenQueries<InlineResult[]>;
  /** The results shown last to each person, from which one can be picked. */
  private readonly shown = new Map<number, Shown>();

  constructor(
    private readonly state: TelegramState,
    private readonly people: People,
    pace: number,
  ) {
    this.open = new OpenQueries(LIFETIME_MS * pace);
  }

  /** Undefined when the bot did not answer in time. */
  async ask(person: Person, bot: number, query: string, offset = ''): Promise<InlineResult[] | undefined> {
    const id = `${person.id}${randomInt(1e9)}`;
    const answered = this.open.ask(id, bot);
    const content = { id, from: userOfPerson(person), query, offset, chat_type: 'sender' };
    this.people.push(bot, 'inline_query', content, person.id);
    const results = await answered;
    if (results) this.shown.set(person.id, { bot, query, results });
    return results;
  }

  pick(person: Person, conversation: Conversation, resultId: string): StoredMessage {
    const shown = this.shown.get(person.id);
    const result = shown?.results.find(({ id }) => id === resultId);
    if (!shown || !result) throw new HttpError(404, `no result ${resultId} was shown`);
    const { message_text: said = result.title ?? '', parse_mode: mode } = result.input_message_content ?? {};
    const { text, entities } = formattedText(said, mode);
    const message = this.people.post(person, conversation, {
      text,
      entities,
      replyMarkup: result.reply_markup,
      extra: { via_bot: userById(this.state, shown.bot) },
    });
    const chosen = { result_id: resultId, from: userOfPerson(person), query: shown.query };
    this.people.push(shown.bot, 'chosen_inline_result', chosen, person.id);
    return message;
  }

  answer(bot: number, id: string, results: InlineResult[]): boolean {
    return this.open.answer(bot, id, results);
  }
}

export const inlineMethods: Record<string, Method> = {
  answerInlineQuery: method(
    z.object({
      inline_query_id: string.default(''),
      results: json(z.array(Result, { error: "can't parse inline query results JSON object" })),
    }),
    ({ telegram, bot }, { inline_query_id, results }) => {
      if (results.length > MAX_RESULTS) throw badRequest('RESULTS_TOO_MUCH');
      if (new Set(results.map(({ id }) => id)).size < results.length) throw badRequest('RESULT_ID_DUPLICATE');
      if (!telegram.inline.answer(bot.id, inline_query_id, results)) {
        throw badRequest('query is too old and response timeout expired or query ID is invalid');
      }
      return true;
    },
  ),
};
