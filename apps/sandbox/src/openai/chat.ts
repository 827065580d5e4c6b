import type { Response } from 'express';
import type { Fault } from '../kit/faults';
import { ClientGone, pause } from '../kit/http';
import { type Answer, answerOf, EMPTY, improvise, REFUSAL, sumOf, type Usage } from './answer';
import { ApiError, contextTooLong, serverError } from './api-error';
import { type ChatRequest, parseChatRequest } from './chat.api';
import { type Context, idOf } from './context';
import { type Conversation, CONTEXT_WINDOW, countPrompt, readConversation } from './conversation';
import { endpoint, type Quirk, quirksOf } from './endpoint';
import { refuseParameters } from './models';
import type { ScriptedReply } from './script';
import { splitTokens } from './tokens';
import { describeImage } from './vision';

const IN_STREAM = ['cut-stream', 'stall', 'error-in-stream'];
/** Tokens that pass before a fault in the stream, unless it names another number. */
const TOKENS_BEFORE_FAULT = 3;

/** `POST /chat/completions` */
export const chatEndpoint = (context: Context) =>
  endpoint(context, 'chat', async ({ req, res, fault }) => {
    const request = parseChatRequest(req.body);
    context.modelFor('chat', request.model);
    const quirks = quirksOf(fault);
    if (sendOddError(quirks, res)) return;
    const answers = await answersTo(context, request, fault);
    const usage = sumOf(answers);
    context.spend(req, usage.total_tokens);
    const head: Head = { id: idOf('chatcmpl-'), created: Math.floor(Date.now() / 1000), model: request.model };
    const chunks = () => chunksOf(answers, usage, head, quirks, request.stream_options?.include_usage ?? false);
    if (!request.stream) return sendWhole(context, completionOf(answers, usage, head, quirks), usage, res, fault);
    await sendStream(context, {
      res,
      fault,
      quirks,
      chunks: chunks(),
      silentTokens: usage.completion_tokens_details.reasoning_tokens,
      last: quirks.has('no-done') ? undefined : '[DONE]',
    });
  });

/** What the model says, once for each choice. Throws when the prompt does not fit, or shows pictures to who cannot see. */
export async function answersTo(context: Context, request: ChatRequest, fault: Fault | undefined): Promise<Answer[]> {
  const model = context.modelFor('chat', request.model);
  refuseParameters(request, model);
  context.assertCanSee(request, model);
  const promptTokens = countPrompt(request);
  if (promptTokens > CONTEXT_WINDOW) throw contextTooLong(CONTEXT_WINDOW, promptTokens);
  context.meter.assertFits(request.model, promptTokens + (request.max_completion_tokens ?? request.max_tokens ?? 0));
  const reply = await replyTo(context, request, fault);
  return Array.from({ length: request.n ?? 1 }, (_, index) => {
    const more = index > 0 && reply.text ? { ...reply, text: `${reply.text}\n\n(${index + 1})` } : reply;
    return answerOf(more, request, promptTokens, model);
  });
}

async function replyTo(context: Context, request: ChatRequest, fault: Fault | undefined): Promise<ScriptedReply> {
  if (fault?.kind === 'empty') return EMPTY;
  if (fault?.kind === 'refusal') return REFUSAL;
  const conversation = readConversation(request.messages, context.files);
  const scripted = context.script.takeReply([conversation.question, conversation.system]);
  return scripted ?? improvise(request, await looked(conversation));
}

async function looked(conversation: Conversation): Promise<Conversation> {
  const { attachments, language } = conversation;
  const seen = attachments.map(async ({ kind, detail }) => ({
    kind,
    detail: kind === 'image' ? await describeImage(detail, language) : detail,
  }));
  return { ...conversation, attachments: await Promise.all(seen) };
}

/** The fields every body and chunk of one completion shares. */
interface Head {
  id: string;
  /** Unix seconds. */
  created: number;
  model: string;
}

/** A chunk and the number of the token with which it leaves, counted from 0. */
export interface TimedChunk {
  atToken: number;
  isLast: boolean;
  body: object;
  /** The name of its event; chat completions have none. */
  event?: string;
}

interface StreamOptions {
  res: Response;
  fault: Fault | undefined;
  quirks?: ReadonlySet<Quirk>;
  chunks: Iterable<TimedChunk>;
  /** What the model thinks before the first of them. */
  silentTokens?: number;
  /** What closes the stream. */
  last?: '[DONE]';
}

/** Sends chunks at the pace that was set, with the fault that was ordered. */
export async function sendStream({ pace }: Context, options: StreamOptions): Promise<void> {
  const { res, chunks, silentTokens = 0, last, quirks = new Set() } = options;
  const fault = options.fault && IN_STREAM.includes(options.fault.kind) ? options.fault : undefined;
  const events = new EventStream(res, quirks);
  const faultAt = fault ? Number(fault.argument || TOKENS_BEFORE_FAULT) : Infinity;
  let applied = false;
  // Against one clock, not by a pause after each chunk: otherwise the time spent writing would add up.
  const started = performance.now();
  for (const chunk of chunks) {
    const due =
      started + pace.firstTokenMs + pace.betweenReasoningTokensMs * silentTokens + pace.betweenTokensMs * chunk.atToken;
    await pause(res, due - performance.now());
    if (fault && !applied && (chunk.atToken >= faultAt || chunk.isLast)) {
      applied = true;
      if (await breakStream(fault, res, events)) return;
    }
    await events.data(chunk.body, chunk.event);
  }
  if (last) await events.data(last);
  events.end();
}

/** True when the stream ends here. */
async function breakStream({ kind, rule }: Fault, res: Response, events: EventStream): Promise<boolean> {
  if (kind === 'stall') {
    await pause(res, rule.ms ?? Infinity);
    return false;
  }
  if (kind === 'cut-stream') {
    res.destroy();
  } else {
    await events.data(serverError().toJSON());
    events.end();
  }
  return true;
}

/** What befalls a stream befalls a body that is not streamed in its middle. */
export async function sendWhole(
  { pace }: Context,
  completion: object,
  { completion_tokens, completion_tokens_details: { reasoning_tokens } }: Usage,
  res: Response,
  fault: Fault | undefined,
): Promise<void> {
  const written = completion_tokens - reasoning_tokens;
  await pause(
    res,
    pace.firstTokenMs + pace.betweenReasoningTokensMs * reasoning_tokens + pace.betweenTokensMs * written,
  );
  if (!fault || !IN_STREAM.includes(fault.kind)) return void res.json(completion);
  if (fault.kind === 'error-in-stream') throw serverError();
  const body = Buffer.from(JSON.stringify(completion));
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  const half = body.length >> 1;
  await new Promise((sent) => res.write(body.subarray(0, half), sent));
  if (fault.kind === 'cut-stream') return void res.destroy();
  await pause(res, fault.rule.ms ?? Infinity);
  res.end(body.subarray(half));
}

/** Errors in the shapes other servers use. True when one was sent. */
function sendOddError(quirks: ReadonlySet<Quirk>, res: Response): boolean {
  if (quirks.has('detail-error')) res.status(400).json({ detail: 'The sandbox refuses in the manner of FastAPI.' });
  else if (quirks.has('error-200')) res.json(new ApiError(200, 'Provider returned error').toJSON());
  else if (quirks.has('int-error-code'))
    res.status(502).json({ error: { message: 'Provider returned error', code: 502 } });
  else return false;
  return true;
}

interface Delta {
  role?: 'assistant';
  content?: string | null;
  refusal?: string | null;
  tool_calls?: {
    index: number;
    id?: string;
    type?: 'function';
    function: { name?: string; arguments: string };
  }[];
  reasoning_content?: string;
  reasoning?: string;
}

const REASONING = 'The person asks something. I am a pretend model, so I shall say so and answer.';
const FIXED = { service_tier: 'default', system_fingerprint: 'fp_sandbox' };

/** The body of an answer that is not streamed. */
function completionOf(
  answers: Answer[],
  usage: Usage,
  { id, created, model }: Head,
  quirks: ReadonlySet<Quirk>,
): object {
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: answers.map((answer, index) => ({
      index,
      message: messageOf(answer, quirks),
      logprobs: null,
      finish_reason: answer.finishReason,
    })),
    ...(!quirks.has('no-usage') && { usage }),
    ...FIXED,
  };
}

function messageOf(answer: Answer, quirks: ReadonlySet<Quirk>): object {
  const called = answer.toolCalls.length > 0;
  return {
    role: 'assistant',
    content: answer.refusal !== null || (called && answer.pieces.length === 0) ? null : answer.pieces.join(''),
    refusal: answer.refusal,
    ...(quirks.has('reasoning-content') && { reasoning_content: REASONING }),
    ...(quirks.has('reasoning') && { reasoning: REASONING }),
    ...(called && {
      tool_calls: answer.toolCalls.map(({ id, name, arguments: text }) => ({
        ...(!quirks.has('no-tool-id') && { id }),
        type: 'function',
        function: { name, arguments: text },
      })),
    }),
    annotations: [],
  };
}

/** The chunks of a streamed answer, in their order, without the closing `[DONE]`. Choices take turns. */
function* chunksOf(
  answers: Answer[],
  usage: Usage,
  head: Head,
  quirks: ReadonlySet<Quirk>,
  includeUsage: boolean,
): Generator<TimedChunk> {
  const unfinished = quirks.has('empty-finish-reason') ? '' : null;
  let sent = 0;
  const chunk = (choices: object[], cost: Usage | null) => ({
    id: head.id,
    object: 'chat.completion.chunk',
    created: head.created,
    model: head.model,
    choices,
    ...((includeUsage || quirks.has('usage-in-every-chunk')) && !quirks.has('no-usage') && { usage: cost }),
    ...FIXED,
  });
  const running = () => (quirks.has('usage-in-every-chunk') ? usageSoFar(usage, sent) : null);
  const timed = (index: number, delta: Delta, finish: string | null = unfinished): TimedChunk => ({
    atToken: Math.max(0, sent - 1),
    isLast: finish !== unfinished,
    body: chunk([{ index, delta, logprobs: null, finish_reason: finish }], running()),
  });

  if (!quirks.has('no-role-chunk')) {
    for (const [index, { toolCalls }] of answers.entries()) {
      yield timed(index, { role: 'assistant', content: toolCalls.length > 0 ? null : '', refusal: null });
    }
  }
  const open = answers.map((answer, index) => ({ index, answer, deltas: deltasOf(answer, quirks) }));
  while (open.length > 0) {
    for (const choice of [...open]) {
      const { value, done } = choice.deltas.next();
      if (done) {
        open.splice(open.indexOf(choice), 1);
        yield timed(choice.index, {}, choice.answer.finishReason);
      } else {
        sent += 1;
        yield timed(choice.index, value);
      }
    }
  }
  if (includeUsage && !quirks.has('no-usage')) {
    yield { atToken: Math.max(0, sent - 1), isLast: true, body: chunk([], usage) };
  }
}

function* deltasOf(answer: Answer, quirks: ReadonlySet<Quirk>): Generator<Delta> {
  const thought = splitTokens(REASONING);
  if (quirks.has('reasoning-content')) yield* thought.map((piece) => ({ reasoning_content: piece }));
  if (quirks.has('reasoning')) yield* thought.map((piece) => ({ reasoning: piece }));
  yield* answer.pieces.map((content) => ({ content }));
  yield* splitTokens(answer.refusal ?? '').map((refusal) => ({ refusal }));
  for (const [position, call] of answer.toolCalls.entries()) {
    const index = quirks.has('tool-index-zero') ? 0 : position;
    const id = quirks.has('no-tool-id') ? {} : { id: call.id };
    const whole = quirks.has('whole-arguments');
    const opening = { name: call.name, arguments: whole ? call.arguments : '' };
    yield { tool_calls: [{ index, ...id, type: 'function', function: opening }] };
    if (whole) continue;
    for (const fragment of splitTokens(call.arguments))
      yield { tool_calls: [{ index, function: { arguments: fragment } }] };
  }
}

function usageSoFar(usage: Usage, tokens: number): Usage {
  const completion = Math.min(tokens, usage.completion_tokens);
  return { ...usage, completion_tokens: completion, total_tokens: usage.prompt_tokens + completion };
}

/** Server-sent events as OpenAI sends them, apart from the quirks that were ordered. */
export class EventStream {
  private readonly lineEnd: string;

  constructor(
    private readonly res: Response,
    private readonly quirks: ReadonlySet<Quirk> = new Set(),
  ) {
    this.lineEnd = quirks.has('crlf') ? '\r\n' : '\n';
  }

  /** `event` names it, as the Responses API does. */
  async data(payload: object | '[DONE]', event?: string): Promise<void> {
    this.open();
    if (this.quirks.has('comments')) await this.write(`: OPENROUTER PROCESSING${this.lineEnd}${this.lineEnd}`);
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const name = event ? `event: ${event}${this.lineEnd}` : '';
    await this.write(`${name}data: ${text}${this.lineEnd}${this.lineEnd}`);
  }

  end(): void {
    this.open();
    this.res.end();
  }

  /** Headers leave with the first event, so that a failure before it can still be a status. */
  private open(): void {
    if (this.res.headersSent) return;
    this.res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  }

  private async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const inside = this.quirks.has('split-utf8') ? bytes.findIndex(isContinuation) : -1;
    if (inside < 0) return this.flush(bytes);
    await this.flush(bytes.subarray(0, inside));
    // Without a moment in between, both halves would arrive in one packet.
    await pause(this.res, 2);
    await this.flush(bytes.subarray(inside));
  }

  private async flush(bytes: Buffer): Promise<void> {
    const failed = await new Promise<Error | null | undefined>((done) => this.res.write(bytes, done));
    if (failed) throw new ClientGone();
  }
}

/** A byte in the middle of a UTF-8 character. */
const isContinuation = (byte: number) => (byte & 0xc0) === 0x80;
