import { randomUUID } from 'node:crypto';
import type { Response } from 'express';
import { ApiError, assertModelExists, contextTooLong, serverError } from './api-error';
import { type Answer, answerOf, EMPTY, improvise, REFUSAL } from './chat.answer';
import { type ChatRequest, parseChatRequest } from './chat.api';
import { CONTEXT_WINDOW, countPrompt } from './chat.prompt';
import { chunksOf, completionOf, type Head } from './chat.wire';
import { readConversation } from './conversation';
import { EventStream } from './event-stream';
import { type Call, endpoint, type Misdeed, type Quirk, quirksOf } from './misbehave';
import { pause } from './pause';
import type { Pace, World } from './world';

const IN_STREAM = ['cut-stream', 'stall', 'error-in-stream'];
const OWN_FAULTS = [...IN_STREAM, 'empty', 'refusal', 'quirk'];
/** Tokens that pass before a fault in the stream, unless it names another number. */
const TOKENS_BEFORE_FAULT = 3;

/** `POST /chat/completions` */
export const chatEndpoint = (world: World) =>
  endpoint(world, 'openai.chat', (call) => complete(world, call), OWN_FAULTS);

async function complete(world: World, { req, res, misdeed }: Call): Promise<void> {
  const request = parseChatRequest(req.body);
  assertModelExists(request.model);
  const quirks = quirksOf(misdeed);
  if (sendOddError(quirks, res)) return;

  const promptTokens = countPrompt(request);
  if (promptTokens > CONTEXT_WINDOW) throw contextTooLong(CONTEXT_WINDOW, promptTokens);
  const answer = answerOf(replyTo(request, world, misdeed), request, promptTokens);
  world.meter.spend(req, answer.usage.total_tokens);

  const head: Head = {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model: request.model,
  };
  const inStream = misdeed && IN_STREAM.includes(misdeed.kind) ? misdeed : undefined;
  if (request.stream) {
    await stream(answer, head, request, { res, quirks, misdeed: inStream, pace: world.pace });
  } else {
    await pause(res, world.pace.firstTokenMs + world.pace.betweenTokensMs * answer.usage.completion_tokens);
    await sendWhole(completionOf(answer, head, quirks), res, inStream);
  }
}

function replyTo(request: ChatRequest, world: World, misdeed: Misdeed | undefined) {
  if (misdeed?.kind === 'empty') return EMPTY;
  if (misdeed?.kind === 'refusal') return REFUSAL;
  const conversation = readConversation(request.messages);
  return world.script.takeReply([conversation.question, conversation.system]) ?? improvise(request, conversation);
}

interface StreamOptions {
  res: Response;
  quirks: ReadonlySet<Quirk>;
  misdeed: Misdeed | undefined;
  pace: Pace;
}

async function stream(answer: Answer, head: Head, request: ChatRequest, options: StreamOptions): Promise<void> {
  const { res, quirks, misdeed, pace } = options;
  const events = new EventStream(res, quirks);
  const faultAt = misdeed ? Number(misdeed.argument || TOKENS_BEFORE_FAULT) : Infinity;
  let suffered = false;
  // Against one clock, not by a pause after each chunk: otherwise the time spent writing would add up.
  const started = performance.now();

  for (const chunk of chunksOf(answer, head, quirks, request.stream_options?.include_usage ?? false)) {
    const due = started + pace.firstTokenMs + pace.betweenTokensMs * chunk.atToken;
    await pause(res, due - performance.now());
    if (misdeed && !suffered && (chunk.atToken >= faultAt || chunk.isLast)) {
      suffered = true;
      const over = await sufferInStream(misdeed, res, events);
      if (over) return;
    }
    await events.data(chunk.body);
  }
  if (!quirks.has('no-done')) await events.data('[DONE]');
  events.end();
}

/** True when the stream ends here. */
async function sufferInStream({ kind, rule }: Misdeed, res: Response, events: EventStream): Promise<boolean> {
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
async function sendWhole(completion: object, res: Response, misdeed: Misdeed | undefined): Promise<void> {
  if (!misdeed) return void res.json(completion);
  if (misdeed.kind === 'error-in-stream') throw serverError();
  const body = Buffer.from(JSON.stringify(completion));
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  const half = body.length >> 1;
  await new Promise((sent) => res.write(body.subarray(0, half), sent));
  if (misdeed.kind === 'cut-stream') return void res.destroy();
  await pause(res, misdeed.rule.ms ?? Infinity);
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
