import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parseRequest } from './api-error';
import { endpoint } from './endpoint';
import { pause } from '../kit/http';
import type { Context } from './context';

const Part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
]);
const ModerationRequest = z.strictObject({
  input: z.union([z.string(), z.array(z.string()).min(1), z.array(Part).min(1)]),
  model: z.string().default('omni-moderation-latest'),
});

/** The words that betray a category to the sandbox: enough to try out what follows a flag, not to protect anybody. */
const TELLTALE: Record<string, RegExp | undefined> = {
  harassment: /\b(idiot|moron)|идиот|дебил|придур/i,
  'harassment/threatening': /i('ll| will) (find|hurt) you|я тебя (найду|достану)/i,
  hate: /\bsubhuman|недочеловек/i,
  'hate/threatening': undefined,
  illicit: /\b(buy|sell) (drugs|cocaine)|купить наркотик/i,
  'illicit/violent': /\b(make|build) a bomb|(сделать|собрать) бомбу/i,
  'self-harm': /\b(kill|hurt) myself|(уб|рез)(ить|ать) себя|покончить с собой/i,
  'self-harm/intent': /\bi want to (die|kill myself)|хочу (умереть|покончить с собой)|не хочу жить/i,
  'self-harm/instructions': /\bhow to (kill|hurt) myself|как покончить с собой/i,
  sexual: /\bporn|порно/i,
  'sexual/minors': undefined,
  violence: /\b(kill|murder) (him|her|them|you)|убью|зарежу/i,
  'violence/graphic': /\b(dismember|behead)|расчлен/i,
};
const CERTAIN = 0.95;
const UNSUSPECTED = 0.00001;

/** `POST /moderations` */
export const moderationsEndpoint = (context: Context) =>
  endpoint(context, 'moderations', async ({ req, res }) => {
    const { input, model } = parseRequest(ModerationRequest, req.body);
    context.modelFor('moderation', model);
    await pause(res, context.pace.firstTokenMs);
    res.json({ id: `modr-${randomUUID().replaceAll('-', '')}`, model, results: textsOf(input).map(resultFor) });
  });

/** A list of strings is judged one by one; parts of one message are judged together. */
function textsOf(input: z.infer<typeof ModerationRequest>['input']): string[] {
  if (typeof input === 'string') return [input];
  const strings = input.filter((one) => typeof one === 'string');
  if (strings.length > 0) return strings;
  return [input.flatMap((part) => (typeof part === 'object' && part.type === 'text' ? [part.text] : [])).join('\n')];
}

function resultFor(text: string) {
  const found = Object.entries(TELLTALE).map(([name, words]) => [name, words?.test(text) ?? false] as const);
  return {
    flagged: found.some(([, flagged]) => flagged),
    categories: Object.fromEntries(found),
    category_scores: Object.fromEntries(found.map(([name, flagged]) => [name, flagged ? CERTAIN : UNSUSPECTED])),
    category_applied_input_types: Object.fromEntries(found.map(([name]) => [name, ['text']])),
  };
}
