import { z } from 'zod';
import { ApiError, parseRequest } from './api-error';

const TextPart = z.object({ type: z.literal('text'), text: z.string() });
const UserPart = z.discriminatedUnion('type', [
  TextPart,
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({
      url: z.string().regex(/^(https?:|data:image\/)/),
      detail: z.enum(['auto', 'low', 'high', 'original']).nullish(),
    }),
  }),
  z.object({
    type: z.literal('input_audio'),
    input_audio: z.object({ data: z.base64(), format: z.enum(['wav', 'mp3']) }),
  }),
  z.object({
    type: z.literal('file'),
    file: z.object({
      file_id: z.string().optional(),
      file_data: z.string().optional(),
      filename: z.string().optional(),
    }),
  }),
]);
export type UserPart = z.infer<typeof UserPart>;

const text = z.union([z.string(), z.array(TextPart).min(1)]);

const ToolCall = z.object({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const Message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content: text, name: z.string().optional() }),
  z.object({ role: z.literal('developer'), content: text, name: z.string().optional() }),
  z.object({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(UserPart).min(1)]),
    name: z.string().optional(),
  }),
  z.object({
    role: z.literal('assistant'),
    content: text.nullish(),
    refusal: z.string().nullish(),
    name: z.string().optional(),
    tool_calls: z.array(ToolCall).min(1).optional(),
  }),
  z.object({ role: z.literal('tool'), content: text, tool_call_id: z.string() }),
]);
export type Message = z.infer<typeof Message>;

const Tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z
      .string()
      .max(64)
      .regex(/^[a-zA-Z0-9_-]+$/),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
});
export type Tool = z.infer<typeof Tool>;

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);

const ResponseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: z.string(),
      description: z.string().optional(),
      schema: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

export const ReasoningEffort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
export type ReasoningEffort = z.infer<typeof ReasoningEffort>;

/** What is accepted and has no effect on a pretended model. */
const Ignored = z.object({
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  seed: z.int().nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
  modalities: z.array(z.enum(['text', 'audio'])).nullish(),
  prediction: z.unknown().optional(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']).nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().optional(),
  safety_identifier: z.string().optional(),
  prompt_cache_key: z.string().optional(),
  prompt_cache_retention: z.string().nullish(),
});

/** The body of `POST /chat/completions`. Unknown parameters are refused, as OpenAI does: a typo must not pass. */
const ChatRequest = z
  .strictObject({
    ...Ignored.shape,
    model: z.string().min(1),
    messages: z.array(Message).min(1),
    temperature: z.number().min(0).max(2).nullish(),
    n: z.int().min(1).max(128).nullish(),
    stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
    max_tokens: z.int().min(1).nullish(),
    max_completion_tokens: z.int().min(1).nullish(),
    reasoning_effort: ReasoningEffort.nullish(),
    stream: z.boolean().nullish(),
    stream_options: z
      .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
      .nullish(),
    response_format: ResponseFormat.nullish(),
    tools: z.array(Tool).min(1).max(128).optional(),
    tool_choice: ToolChoice.optional(),
    parallel_tool_calls: z.boolean().optional(),
  })
  .superRefine((request, context) => {
    const refuse = (param: string, message: string) => context.addIssue({ code: 'custom', path: [param], message });
    if (request.stream_options && !request.stream) {
      refuse('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    }
    for (const param of ['tool_choice', 'parallel_tool_calls'] as const) {
      if (request[param] !== undefined && request[param] !== 'none' && !request.tools) {
        refuse(param, `'${param}' is only allowed when 'tools' are specified.`);
      }
    }
    // OpenAI insists, since a model not told about JSON could fill the answer with blanks until the limit.
    if (request.response_format?.type === 'json_object' && !/json/i.test(JSON.stringify(request.messages))) {
      refuse(
        'messages',
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      );
    }
  });
export type ChatRequest = z.infer<typeof ChatRequest>;

export function parseChatRequest(body: unknown): ChatRequest {
  const request = parseRequest(ChatRequest, body);
  refuseBrokenToolRounds(request.messages);
  return request;
}

/** Each tool call needs its answer directly after it, and each answer its call: history cut in between is refused. */
function refuseBrokenToolRounds(messages: Message[]): void {
  let unanswered = new Set<string>();
  const refuseUnanswered = (index: number) => {
    if (unanswered.size === 0) return;
    throw new ApiError(
      400,
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
        `The following tool_call_ids did not have response messages: ${[...unanswered].join(', ')}`,
      { param: `messages.[${index}].role` },
    );
  };
  messages.forEach((message, index) => {
    if (message.role === 'tool') {
      if (unanswered.delete(message.tool_call_id)) return;
      throw new ApiError(
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        { param: `messages.[${index}].role` },
      );
    }
    refuseUnanswered(index);
    unanswered = new Set(message.role === 'assistant' ? message.tool_calls?.map(({ id }) => id) : []);
  });
  refuseUnanswered(messages.length);
}
