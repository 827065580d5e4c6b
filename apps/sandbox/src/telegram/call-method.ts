import { badRequest, notFound } from './api-error';
import { BOT_API_METHODS } from './bot-api-methods';
import { mediaMethods } from './media.methods';
import { messageMethods } from './message.methods';
import type { Caller, Method } from './method';
import { profileMethods } from './profile.methods';
import type { Bot } from './state';
import type { TelegramWorld } from './telegram-world';
import { updateMethods } from './update.methods';

const METHODS = new Map<string, Method>(
  Object.entries({ ...messageMethods, ...mediaMethods, ...updateMethods, ...profileMethods }).map(([name, method]) => [
    name.toLowerCase(),
    method,
  ]),
);

const SPELLING = new Map(BOT_API_METHODS.map((name) => [name.toLowerCase(), name]));

/** Method names are case-insensitive; this is how the documentation writes one. */
export const spelled = (name: string) => SPELLING.get(name.toLowerCase()) ?? name;

/** Runs a method by name. Throws ApiError: 404 for what is no method, 400 for what the sandbox cannot do. */
export async function callMethod(caller: Caller, name: string, params: Record<string, unknown>): Promise<unknown> {
  const method = METHODS.get(name.toLowerCase());
  if (method) return method(caller, withoutEmpty(params));
  throw SPELLING.has(name.toLowerCase())
    ? badRequest('method is not supported by the sandbox')
    : notFound('method not found');
}

/** To Telegram an empty parameter is as good as none; clients rely on it in forms, and send null in JSON. */
const withoutEmpty = (params: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== '' && value !== null));

const NOT_IN_REPLIES = /^(get.*|setwebhook|deletewebhook|close|logout)$/i;

/** A call inside a webhook's answer. Its outcome is told to nobody but the call log. */
export async function callFromWebhook(
  world: TelegramWorld,
  bot: Bot,
  { method, ...params }: Record<string, unknown>,
): Promise<void> {
  const name = spelled(String(method));
  const log = world.calls.begin({ bot: bot.id, method: name, params, receivedAt: Date.now() });
  try {
    if (NOT_IN_REPLIES.test(name)) throw badRequest('method is not allowed in a webhook response');
    await callMethod({ world, bot, uploads: new Map(), signal: new AbortController().signal }, name, params);
    world.calls.end(log, 200);
  } catch (error) {
    world.calls.end(log, 400, (error as Error).message);
  }
}
