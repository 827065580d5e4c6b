import { BotId } from '@switchboard/contracts';
import { z } from 'zod';

/** Stands in a file of bots for "the sandbox of this installation, wherever it runs". */
export const SANDBOX_ROOT = 'sandbox';

/** One bot as operators write it down, until the gateway keeps the registry. */
export const BotSpec = z
  .strictObject({
    id: BotId,
    channel: z.literal('telegram').default('telegram'),
    name: z.string().min(1).max(64).describe('How the bot calls itself.'),
    username: z.string().optional().describe('Its @name. Telegram tells it by itself; the sandbox takes it from here.'),
    token: z.string().optional().describe('As BotFather gives it: <id>:<secret>.'),
    tokenEnv: z.string().optional().describe('The variable that holds the token, when the file may not.'),
    apiRoot: z
      .union([z.literal(SANDBOX_ROOT), z.url({ protocol: /^https?$/ })])
      .optional()
      .describe('Default: the real Bot API.'),
    products: z.array(z.enum(['assistant'])).min(1),
    voice: z
      .strictObject({
        mode: z.enum(['off', 'also']).default('off').describe('Whether a new chat gets spoken answers as well.'),
        name: z.string().optional().describe("The engine's name of a voice; its default when absent."),
      })
      .prefault({}),
  })
  .refine(({ token, tokenEnv }) => !(token && tokenEnv), 'has both token and tokenEnv');
export type BotSpec = z.output<typeof BotSpec>;

/** The JSON text of a file of bots. */
export const BotSpecs = z
  .string()
  .transform((text, ctx) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      ctx.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .array(BotSpec)
      .min(1)
      .refine((bots) => new Set(bots.map(({ id }) => id)).size === bots.length, 'two bots have the same id'),
  );
