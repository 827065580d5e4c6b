import { Router } from 'express';
import { z } from 'zod';
import { type Answer, sumOf } from './answer';
import { ApiError, parseRequest } from './api-error';
import { type ChatRequest, parseChatRequest, ReasoningEffort } from './chat.api';
import { answersTo, sendStream, sendWhole, type TimedChunk } from './chat';
import { type Context, idOf } from './context';
import { endpoint } from './endpoint';
import { fileOf } from './files';
import { splitTokens } from './tokens';

const InputPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('input_text'), text: z.string() }),
  z.object({ type: z.literal('output_text'), text: z.string() }),
  z.object({
    type: z.literal('input_image'),
    image_url: z.string().nullish(),
    file_id: z.string().nullish(),
    detail: z.enum(['auto', 'low', 'high', 'original']).nullish(),
  }),
  z.object({
    type: z.literal('input_file'),
    file_id: z.string().nullish(),
    file_data: z.string().nullish(),
    filename: z.string().nullish(),
  }),
]);
const Item = z.union([
  z.object({ type: z.literal('function_call'), call_id: z.string(), name: z.string(), arguments: z.string() }),
  z.object({ type: z.literal('function_call_output'), call_id: z.string(), output: z.string() }),
  z.object({ type: z.literal('reasoning') }),
  z.object({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([z.string(), z.array(InputPart)]),
  }),
]);
type Item = z.infer<typeof Item>;

const Tool = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});

const ResponseRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(Item)]),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  stream: z.boolean().nullish(),
  reasoning: z.looseObject({ effort: ReasoningEffort.nullish() }).nullish(),
  store: z.boolean().nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  tools: z.array(Tool).optional(),
  tool_choice: z
    .union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string(), name: z.string().optional() })])
    .optional(),
  text: z
    .looseObject({ format: z.looseObject({ type: z.string(), name: z.string().optional() }).optional() })
    .nullish(),
});
type ResponseRequest = z.infer<typeof ResponseRequest>;

/** `/responses`: answers of the same model in the newer API, kept so that the next one can follow from them. */
export function responsesRouter(context: Context): Router {
  const router = Router();

  router.post(
    '/',
    endpoint(context, 'responses', async ({ req, res, fault }) => {
      const request = parseRequest(ResponseRequest, req.body);
      context.modelFor('chat', request.model);
      const chat = chatRequestOf(context, request);
      const [answer] = (await answersTo(context, chat, fault)) as [Answer];
      const usage = sumOf([answer]);
      context.spend(req, usage.total_tokens);
      const response = responseOf(request, answer);
      if (request.store !== false) {
        const said = { role: 'assistant', content: answer.pieces.join('') || null, ...callsOf(answer) };
        context.responses.set(response.id, { response, messages: [...chat.messages, said] });
      }
      if (!request.stream) return sendWhole(context, response, usage, res, fault);
      await sendStream(context, {
        res,
        fault,
        chunks: eventsOf(response, answer),
        silentTokens: usage.completion_tokens_details.reasoning_tokens,
      });
    }),
  );

  router.get(
    '/:id',
    endpoint(context, 'responses', ({ req, res }) => void res.json(storedOf(context, req.params['id']).response)),
  );
  router.delete(
    '/:id',
    endpoint(context, 'responses', ({ req, res }) => {
      const { id } = storedOf(context, req.params['id']).response;
      context.responses.delete(id);
      res.json({ id, object: 'response', deleted: true });
    }),
  );
  return router;
}

function storedOf(context: Context, id: unknown) {
  const stored = context.responses.get(String(id));
  if (!stored) throw new ApiError(404, `Response with id '${String(id)}' not found.`);
  return stored;
}

/** The same question as a chat completion asks it. */
function chatRequestOf(context: Context, request: ResponseRequest): ChatRequest {
  const { input, instructions, previous_response_id: previous, tool_choice: choice } = request;
  const earlier = previous ? context.responses.get(previous)?.messages : [];
  if (!earlier) {
    throw new ApiError(400, `Previous response with id '${previous}' not found.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    });
  }
  const said = typeof input === 'string' ? [{ role: 'user', content: input }] : messagesOf(context, input);
  const tools = request.tools?.filter(({ type }) => type === 'function');
  return parseChatRequest({
    model: request.model,
    messages: [...(instructions ? [{ role: 'developer', content: instructions }] : []), ...earlier, ...said],
    ...(request.max_output_tokens && { max_completion_tokens: request.max_output_tokens }),
    ...(request.reasoning?.effort && { reasoning_effort: request.reasoning.effort }),
    ...(request.temperature != null && { temperature: request.temperature }),
    ...(tools?.length && {
      tools: tools.map(({ name, description, parameters }) => ({
        type: 'function',
        function: { name, ...(description && { description }), ...(parameters && { parameters }) },
      })),
      ...(choice && {
        tool_choice: typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } },
      }),
    }),
    ...formatOf(request),
  });
}

function formatOf({ text }: ResponseRequest): { response_format?: object } {
  const format = text?.format;
  if (!format || format.type === 'text') return {};
  if (format.type !== 'json_schema') return { response_format: format };
  const { type, ...json_schema } = format;
  return { response_format: { type, json_schema } };
}

/** Calls that follow each other are one message of the assistant, as chat completions have it. */
function messagesOf(context: Context, items: Item[]): object[] {
  const messages: { tool_calls?: object[] }[] = [];
  for (const item of items) {
    if ('role' in item) messages.push({ role: item.role, content: contentOf(context, item) } as object);
    else if (item.type === 'function_call_output')
      messages.push({ role: 'tool', tool_call_id: item.call_id, content: item.output } as object);
    else if (item.type === 'function_call') {
      const call = { id: item.call_id, type: 'function', function: { name: item.name, arguments: item.arguments } };
      const last = messages.at(-1);
      if (last?.tool_calls) last.tool_calls.push(call);
      else messages.push({ role: 'assistant', content: null, tool_calls: [call] } as object);
    }
  }
  return messages;
}

function contentOf(context: Context, { role, content }: Extract<Item, { role: string }>): unknown {
  if (typeof content === 'string') return content;
  const parts = content.map((part) => {
    if (part.type === 'input_text' || part.type === 'output_text') return { type: 'text', text: part.text };
    if (part.type === 'input_image') {
      const url = part.image_url ?? `data:image/png;base64,${fileOf(context, part.file_id).base64}`;
      return { type: 'image_url', image_url: { url, detail: part.detail ?? 'auto' } };
    }
    const { file_id, file_data, filename } = part;
    const told = Object.entries({ file_id, file_data, filename }).filter(([, value]) => value != null);
    return { type: 'file', file: Object.fromEntries(told) };
  });
  return role === 'user' ? parts : parts.map((part) => ('text' in part ? part.text : '')).join('');
}

const callsOf = ({ toolCalls }: Answer) =>
  toolCalls.length > 0
    ? { tool_calls: toolCalls.map(({ id, ...called }) => ({ id, type: 'function', function: called })) }
    : {};

function responseOf(request: ResponseRequest, answer: Answer) {
  const { usage } = answer;
  const cut = answer.finishReason === 'length';
  return {
    id: idOf('resp_'),
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: cut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: {},
    model: request.model,
    output: outputOf(answer),
    parallel_tool_calls: true,
    previous_response_id: request.previous_response_id ?? null,
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: { format: request.text?.format ?? { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_p: 1,
    truncation: 'disabled',
    usage: {
      input_tokens: usage.prompt_tokens,
      input_tokens_details: { cached_tokens: usage.prompt_tokens_details.cached_tokens },
      output_tokens: usage.completion_tokens,
      output_tokens_details: { reasoning_tokens: usage.completion_tokens_details.reasoning_tokens },
      total_tokens: usage.total_tokens,
    },
  };
}

type Output = ReturnType<typeof outputOf>;

function outputOf({ pieces, refusal, toolCalls, finishReason }: Answer) {
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({
    type: 'function_call' as const,
    id: idOf('fc_'),
    call_id: id,
    name,
    arguments: text,
    status: 'completed',
  }));
  if (calls.length > 0 && pieces.length === 0) return calls;
  const content =
    refusal === null
      ? { type: 'output_text' as const, text: pieces.join(''), annotations: [], logprobs: [] }
      : { type: 'refusal' as const, refusal };
  const status = finishReason === 'length' ? 'incomplete' : 'completed';
  const message = { type: 'message' as const, id: idOf('msg_'), status, role: 'assistant', content: [content] };
  return [message, ...calls];
}

/** The events of a streamed response, numbered, in the order of the documentation. */
function* eventsOf(response: ReturnType<typeof responseOf>, answer: Answer): Generator<TimedChunk> {
  let sequence = 0;
  let sent = 0;
  const event = (type: string, body: object, isLast = false): TimedChunk => ({
    atToken: Math.max(0, sent - 1),
    isLast,
    event: type,
    body: { type, sequence_number: sequence++, ...body },
  });
  const begun = { ...response, status: 'in_progress', output: [], usage: null, incomplete_details: null };
  yield event('response.created', { response: begun });
  yield event('response.in_progress', { response: begun });
  for (const [output_index, item] of (response.output as Output).entries()) {
    const at = { item_id: item.id, output_index };
    if (item.type === 'function_call') {
      yield event('response.output_item.added', {
        output_index,
        item: { ...item, arguments: '', status: 'in_progress' },
      });
      for (const delta of splitTokens(item.arguments)) {
        sent += 1;
        yield event('response.function_call_arguments.delta', { ...at, delta });
      }
      yield event('response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments });
    } else {
      yield event('response.output_item.added', {
        output_index,
        item: { ...item, content: [], status: 'in_progress' },
      });
      const part = item.content[0]!;
      const inPart = { ...at, content_index: 0 };
      const empty = part.type === 'refusal' ? { ...part, refusal: '' } : { ...part, text: '' };
      yield event('response.content_part.added', { ...inPart, part: empty });
      const name = part.type === 'refusal' ? 'response.refusal' : 'response.output_text';
      for (const delta of part.type === 'refusal' ? splitTokens(part.refusal) : answer.pieces) {
        sent += 1;
        yield event(`${name}.delta`, { ...inPart, delta, ...(part.type !== 'refusal' && { logprobs: [] }) });
      }
      const whole = part.type === 'refusal' ? { refusal: part.refusal } : { text: part.text, logprobs: [] };
      yield event(`${name}.done`, { ...inPart, ...whole });
      yield event('response.content_part.done', { ...inPart, part });
    }
    yield event('response.output_item.done', { output_index, item });
  }
  yield event(`response.${response.status}`, { response }, true);
}
