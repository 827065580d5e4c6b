import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log, ServiceClient } from '@switchboard/service-kit';
import { Histogram, Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Assistant } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import { TicketsService } from '../desk/tickets.service';
import type { TurnToolCall } from '../conversations/turn.entity';
import type { ChatMessage, ToolCall, ToolDefinition } from '../models/chat-model';
import { countTokens, cutToTokens } from '../models/tokens';
import { handoverTool } from './handover.tool';
import { paymentsTools } from './payments.tools';
import { type Tool, type ToolCaller, ToolRefused } from './tool';
import { vpnTool } from './vpn.tools';

/** Of one call: a person waits for the answer. */
const DEADLINE_MS = 10_000;
/** Of one turn: a model that asks for more goes round in circles. */
const MOST_CALLS = 6;
/** Of what a model is sent: all results of a turn together, and a single one in tokens. */
const RESULTS_SHARE = 1 / 3;
const MOST_RESULT_TOKENS = 1500;

/** What a model wants to be done, for the person to decide about. */
export interface Offer {
  readonly id: string;
  readonly tool: string;
  readonly plan: unknown;
  readonly question: string;
}

interface Result {
  readonly outcome: TurnToolCall['outcome'];
  /** What the model is told. */
  readonly said: object;
  readonly offer?: Offer;
}

type RunTool = (call: ToolCall, signal: AbortSignal) => Promise<Result & TurnToolCall>;

const refused = (error: string): Result => ({ outcome: 'refused', said: { error } });
const FAILED: Result = {
  outcome: 'failed',
  said: { error: 'It does not work at the moment; ask to try again later.' },
};
const LATE: Result = { outcome: 'timed_out', said: { error: 'It did not answer in time; ask to try again later.' } };
const OFFERED = {
  done: false,
  next: 'Below your answer the person is asked whether it shall be done, and decides by a button. Do not say that it is done.',
};

/** What models can call, and how that is run: within a deadline, for the person who writes and for nobody else. */
@Injectable()
export class ToolsService {
  private readonly tools: ReadonlyMap<string, Tool>;
  private readonly seconds: Histogram<'tool' | 'outcome'>;

  constructor(
    services: ServiceClient,
    tickets: TicketsService,
    assistants: AssistantsService,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    const all: Tool[] = [...paymentsTools(services), vpnTool(services), handoverTool(tickets, assistants)];
    this.tools = new Map(all.map((tool) => [tool.name, tool]));
    this.seconds = new Histogram({
      name: 'tool_call_seconds',
      help: 'Tools that models have called: how long they took and how they ended.',
      labelNames: ['tool', 'outcome'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
  }

  /** @param caller undefined in a group, where everybody would read what is somebody's own: nothing can be called there */
  forTurn({ tools, contextTokens }: Assistant, caller: ToolCaller | undefined): TurnTools {
    const offered = caller ? tools.flatMap((name) => this.tools.get(name) ?? []) : [];
    const run: RunTool = (call, signal) => this.run(offered, caller!, call, signal);
    return new TurnTools(offered.map(definitionOf), Math.floor(contextTokens * RESULTS_SHARE), run);
  }

  /** Does what a person has agreed to. @throws ToolRefused with what they are told instead */
  async execute(caller: ToolCaller, name: string, plan: unknown, signal: AbortSignal): Promise<string> {
    const tool = this.tools.get(name);
    if (tool?.permission !== 'write') throw new Error(`there is no tool ${name} that could do it`);
    return withDeadline(signal, (deadline) => tool.execute(caller, tool.plan.parse(plan), deadline));
  }

  private async run(
    offered: readonly Tool[],
    caller: ToolCaller,
    call: ToolCall,
    signal: AbortSignal,
  ): Promise<Result & TurnToolCall> {
    const started = performance.now();
    const tool = offered.find(({ name }) => name === call.name);
    const result = tool ? await this.attempt(tool, caller, call, signal) : refused('There is no such tool.');
    const durationMs = Math.round(performance.now() - started);
    // What a model makes up may be anything, also somebody's name.
    const name = tool?.name ?? 'unknown';
    this.seconds.observe({ tool: name, outcome: result.outcome }, durationMs / 1000);
    return { ...result, tool: name, durationMs };
  }

  private async attempt(tool: Tool, caller: ToolCaller, call: ToolCall, signal: AbortSignal): Promise<Result> {
    const input = tool.input.safeParse(argumentsOf(call));
    if (!input.success) return refused(`The arguments do not fit: ${z.prettifyError(input.error)}`);
    try {
      return await withDeadline(signal, async (deadline): Promise<Result> => {
        if (tool.permission === 'read') return { outcome: 'done', said: await tool.run(caller, input.data, deadline) };
        const planned = await tool.prepare(caller, input.data, deadline);
        return { outcome: 'offered', said: OFFERED, offer: { id: uuidv7(), tool: tool.name, ...planned } };
      });
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof ToolRefused) return refused(error.message);
      this.log.warn({ err: error, tool: tool.name, botId: caller.botId }, 'a tool does not work');
      return error instanceof DOMException && error.name === 'TimeoutError' ? LATE : FAILED;
    }
  }
}

/** What a model may call in one turn, what it has called, and what it was told. */
export class TurnTools {
  readonly calls: TurnToolCall[] = [];
  /** What goes behind the question: each answer that has called something, with the results. */
  readonly messages: ChatMessage[] = [];
  /** What it said before it called something, for the person to read. */
  said: readonly string[] = [];
  /** One at a time: the person is to know what they agree to. */
  offer: Offer | undefined;
  /** Of all that a model is sent because of tools. */
  tokens: number;

  /** @param room tokens that the results may have together */
  constructor(
    readonly definitions: readonly ToolDefinition[],
    private room: number,
    private readonly run: RunTool,
  ) {
    this.tokens = definitions.length > 0 ? countTokens(JSON.stringify(definitions)) : 0;
  }

  get mayCall(): boolean {
    return this.definitions.length > 0 && this.calls.length < MOST_CALLS;
  }

  /** Whether one of them has told or offered something. */
  get haveHelped(): boolean {
    return this.calls.some(({ outcome }) => outcome === 'done' || outcome === 'offered');
  }

  /** From now on a human is to answer. */
  get haveHandedOver(): boolean {
    return this.calls.some(({ tool, outcome }) => tool === 'hand_over' && outcome === 'done');
  }

  /** Side by side; of calls beyond the limit the model is never reminded. Throws when `signal` fires. */
  async call(text: string, calls: readonly ToolCall[], signal: AbortSignal): Promise<void> {
    const toolCalls = calls.slice(0, MOST_CALLS - this.calls.length);
    const results = await Promise.all(toolCalls.map((call) => this.run(call, signal)));
    if (text.trim() !== '') this.said = [...this.said, text];
    this.add({ role: 'assistant', content: text, toolCalls });
    for (const [i, { offer, tool, durationMs, ...result }] of results.entries()) {
      const isSecond = offer && this.offer;
      const { outcome, said } = isSecond ? refused('One thing at a time: offer this one later.') : result;
      if (!isSecond) this.offer ??= offer;
      this.calls.push({ tool, outcome, durationMs });
      this.add({ role: 'tool', toolCallId: toolCalls[i]!.id, content: this.fenced(said) });
    }
  }

  private add(message: ChatMessage): void {
    const { content, toolCalls = [] } = message;
    this.messages.push(message);
    this.tokens += countTokens(content) + countTokens(JSON.stringify(toolCalls));
  }

  /** Others have written what stands there: it is told as data, in a fence that cannot be closed from within. */
  private fenced(said: object): string {
    const text = JSON.stringify(said).replaceAll('<', String.raw`\u003c`);
    const cut = cutToTokens(text, Math.min(MOST_RESULT_TOKENS, this.room));
    this.room -= countTokens(cut);
    const isWhole = cut.length === text.length;
    return `<tool-result>\n${isWhole ? text : `${cut}… (the rest does not fit)`}\n</tool-result>`;
  }
}

const definitions = new WeakMap<Tool, ToolDefinition>();

function definitionOf(tool: Tool): ToolDefinition {
  const known = definitions.get(tool);
  if (known) return known;
  const { $schema, ...parameters } = z.toJSONSchema(tool.input, { io: 'input' });
  const definition = { name: tool.name, description: tool.description, parameters };
  definitions.set(tool, definition);
  return definition;
}

/** Without any, some models send an empty text. */
function argumentsOf({ arguments: given }: ToolCall): unknown {
  if (given.trim() === '') return {};
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

/** Also of work that does not listen to its signal. */
async function withDeadline<T>(signal: AbortSignal, work: (deadline: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  let give: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    give = () => reject(deadline.reason as Error);
    deadline.addEventListener('abort', give, { once: true });
  });
  try {
    return await Promise.race([work(deadline), over]);
  } finally {
    deadline.removeEventListener('abort', give);
  }
}
