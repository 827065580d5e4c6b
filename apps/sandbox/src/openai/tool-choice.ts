import type { ChatRequest, Tool } from './chat.api';
import { exampleOf } from './schema-example';
import { stems } from './words';

/** A word of the name tells more than one of the description, which is prose. */
const NAME_WEIGHT = 2;
/** One word of the name, or two of the description. */
const ENOUGH = 2;

export interface ChosenCall {
  name: string;
  arguments: Record<string, unknown> | string;
}

/** The call a model would make now: the tool the person's words speak of, with arguments taken from those words. */
export function chooseToolCall(request: ChatRequest, question: string): ChosenCall | undefined {
  const { tools = [], tool_choice: choice = 'auto' } = request;
  if (choice === 'none') return undefined;
  if (typeof choice === 'object')
    return callOf(
      tools.find((tool) => tool.function.name === choice.function.name),
      question,
    );
  // What a tool has answered is told first; calling again would go on for ever.
  if (choice === 'auto' && request.messages.at(-1)?.role === 'tool') return undefined;

  const asked = new Set(stems(question));
  const ranked = tools.map((tool) => ({ tool, score: scoreOf(tool, asked) })).sort((a, b) => b.score - a.score);
  const best = ranked[0];
  if (!best || (choice === 'auto' && best.score < ENOUGH)) return undefined;
  return callOf(best.tool, question);
}

function scoreOf({ function: { name, description = '' } }: Tool, asked: Set<string>): number {
  const named = new Set(stems(name.replace(/([a-z])([A-Z])|[_-]/g, '$1 $2')));
  const described = new Set(stems(description));
  const shared = [...asked].map((word) => (named.has(word) ? NAME_WEIGHT : described.has(word) ? 1 : 0));
  return shared.reduce<number>((sum, points) => sum + points, 0);
}

function callOf(tool: Tool | undefined, question: string): ChosenCall | undefined {
  if (!tool) return undefined;
  const { name, parameters } = tool.function;
  return { name, arguments: parameters ? (exampleOf(parameters, question) as Record<string, unknown>) : {} };
}
