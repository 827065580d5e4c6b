import type { Actor, Locale } from '@switchboard/contracts';
import { DateTime } from 'luxon';
import type { z } from 'zod';
import type { ToolName } from '../assistants/assistant';

/** Whom a tool is called for: always the person who writes, in their private chat. No model has a say in it. */
export interface ToolCaller {
  readonly userId: string;
  readonly conversationId: string;
  readonly botId: string;
  readonly locale: Locale;
  /** Of the bot, an IANA name. */
  readonly timeZone: string;
}

interface AnyTool<Input extends z.ZodObject> {
  /** As models call it. */
  readonly name: ToolName;
  /** For models: what it is good for, and when. */
  readonly description: string;
  /** What a model says when it calls it. No id of a person: see ToolCaller. */
  readonly input: Input;
}

/** Is run at once, because it changes nothing that is the person's. */
export interface ReadTool<Input extends z.ZodObject = z.ZodObject> extends AnyTool<Input> {
  readonly permission: 'read';
  /**
   * What the model is told, as JSON. Neither secrets nor more of the person than the answer needs: it goes to whoever runs the model.
   * @throws ToolRefused
   */
  run(caller: ToolCaller, input: z.output<Input>, signal: AbortSignal): Promise<object>;
}

/** What a tool would do. */
export interface Planned<Plan> {
  readonly plan: Plan;
  /** What the person decides about, in their language; in our words, because a model may say anything. */
  readonly question: string;
}

/** Is only run when the person has pressed a button under a question that says what is to be done. */
export interface WriteTool<
  Input extends z.ZodObject = z.ZodObject,
  Plan extends z.ZodType = z.ZodType,
> extends AnyTool<Input> {
  readonly permission: 'write';
  /** What is kept until the person decides. */
  readonly plan: Plan;
  /** Looks what is to be done, and changes nothing. @throws ToolRefused */
  prepare(caller: ToolCaller, input: z.output<Input>, signal: AbortSignal): Promise<Planned<z.output<Plan>>>;
  /**
   * Does it; once, however often it is called.
   * @returns what the person is told
   * @throws ToolRefused with what they are told instead
   */
  execute(caller: ToolCaller, plan: z.output<Plan>, signal: AbortSignal): Promise<string>;
}

export type Tool = ReadTool | WriteTool;

/** The tool cannot do it, and trying again would not help; the message says why. */
export class ToolRefused extends Error {
  override readonly name = 'ToolRefused';
}

/** Other services answer with what is the person's own, and with nothing else. */
export const asCaller = ({ userId }: ToolCaller, permission: 'me:read' | 'me:write'): Actor => ({
  kind: 'person',
  id: userId,
  roles: [],
  scopes: [permission],
});

/** A part of the deadline of a tool, so that a second try fits into it. */
export const ASK_TIMEOUT_MS = 4000;

/** For models. */
export const momentOf = (date: Date, { timeZone }: ToolCaller): string =>
  DateTime.fromJSDate(date, { zone: timeZone }).toFormat('yyyy-MM-dd HH:mm');

/** For the person. */
export const dayOf = (date: Date, { locale, timeZone }: ToolCaller): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }).format(date);
