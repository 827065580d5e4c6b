import { z } from 'zod';
import { badRequest } from './api-error';
import type { Upload } from './read-call';
import type { Bot } from './state';
import type { TelegramWorld } from './telegram-world';

/** Who calls, with what. */
export interface Caller {
  world: TelegramWorld;
  bot: Bot;
  uploads: Map<string, Upload>;
  /** Aborted when the client hangs up. */
  signal: AbortSignal;
}

/** A result that comes with a `description` beside it. */
export class Described {
  constructor(
    readonly result: unknown,
    readonly description: string,
  ) {}
}

export type Method = (caller: Caller, params: Record<string, unknown>) => unknown;

/** A method whose parameters are parsed first; the first mistake is the answer's description. */
export function method<Schema extends z.ZodType>(
  schema: Schema,
  run: (caller: Caller, params: z.output<Schema>) => unknown,
): Method {
  return (caller, params) => {
    const parsed = schema.safeParse(params);
    if (parsed.success) return run(caller, parsed.data);
    const { message, path } = parsed.error.issues[0]!;
    // zod's own words begin so; Telegram's were given with the schemas.
    throw badRequest(
      message.startsWith('Invalid input') ? `invalid parameter "${String(path[0])}" specified` : message,
    );
  };
}
