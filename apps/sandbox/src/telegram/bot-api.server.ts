import { type Request, type Response, Router } from 'express';
import type { FaultRule } from '../faults';
import { ApiError, notFound, tooManyRequests, unauthorized } from './api-error';
import { preciseNow } from './call-log';
import { callMethod, spelled } from './call-method';
import { Described } from './method';
import { readCall } from './read-call';
import type { Bot } from './state';
import type { TelegramWorld } from './telegram-world';

/** A number that fits 64 bits and does not begin with 0, then the secret. */
const TOKEN = /^[1-9]\d{0,17}:[\w-]+$/;
const MAX_TOKEN = 80;

/** What can go wrong with a call on the way; `…-after-commit` does the work first. */
export const CALL_FAULTS = [
  'delay',
  '429',
  '500',
  '500-after-commit',
  '502-html',
  'hang',
  'reset',
  'reset-after-commit',
];

const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n' +
  '<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n';

/** `/bot<token>/<method>` and `/file/bot<token>/<path>`, with `/test` behind the token for the test environment. */
export function botApi(world: TelegramWorld): Router {
  const router = Router();
  router.get(/^\/file\/bot([^/]+)(?:\/test)?\/(.+)$/, (req, res) => sendFile(world, req, res));
  router.all(/^\/bot([^/]+)(?:\/test)?\/([^/]+)\/?$/, (req, res) => answerCall(world, req, res));
  return router;
}

/** What the real server says to any other address. */
export const noSuchAddress = (_req: Request, res: Response) => answerError(res, notFound());

async function answerCall(world: TelegramWorld, req: Request, res: Response): Promise<void> {
  const receivedAt = preciseNow();
  try {
    const bot = authorized(world, req.params[0]!);
    const { params, uploads } = await readCall(req);
    const method = spelled(req.params[1]!);
    const files =
      uploads.size > 0 ? Object.fromEntries([...uploads].map(([name, file]) => [name, facts(file)])) : undefined;
    const log = world.calls.begin({ bot: bot.id, method, params, files, receivedAt });
    res.once('close', () => {
      if (res.writableFinished) world.calls.end(log, res.statusCode, res.locals.description as string | undefined);
    });
    const fault = world.settings.faults.next(`telegram.${method}`, { chat: Number(params.chat_id) }, CALL_FAULTS);
    if (!(await suffer(fault, res))) return;
    const result = await callMethod({ world, bot, uploads, signal: hangUp(res) }, method, params);
    if (fault?.kind === '500-after-commit') throw new ApiError(500, 'Internal Server Error');
    if (fault?.kind === 'reset-after-commit') return void res.socket?.resetAndDestroy();
    res.json(
      result instanceof Described
        ? { ok: true, result: result.result, description: result.description }
        : { ok: true, result },
    );
  } catch (error) {
    // Whatever was not foreseen is the sandbox's own mistake, and has to be seen by whoever runs it.
    if (!(error instanceof ApiError)) console.error(error);
    answerError(res, error instanceof ApiError ? error : new ApiError(500, 'Internal Server Error'));
  }
}

/** False when there is nothing more to answer. */
async function suffer(fault: FaultRule | undefined, res: Response): Promise<boolean> {
  switch (fault?.kind) {
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, fault.ms ?? 1000));
      return !res.destroyed;
    case '429':
      throw tooManyRequests(fault.retryAfter ?? 1);
    case '500':
      throw new ApiError(500, 'Internal Server Error');
    case '502-html':
      res.status(502).type('html').send(BAD_GATEWAY);
      return false;
    case 'hang':
      return false;
    case 'reset':
      res.socket?.resetAndDestroy();
      return false;
    default:
      return true;
  }
}

function answerError(res: Response, { errorCode, description, parameters }: ApiError): void {
  if (res.headersSent || res.destroyed) return;
  if (parameters?.retry_after) res.set('Retry-After', String(parameters.retry_after));
  res.locals.description = description;
  res.status(errorCode).json({ ok: false, error_code: errorCode, description, ...(parameters && { parameters }) });
}

function authorized(world: TelegramWorld, token: string): Bot {
  if (!TOKEN.test(token) || token.length > MAX_TOKEN) throw unauthorized('invalid token specified');
  const bot = world.botOf(token);
  if (!bot) throw unauthorized();
  return bot;
}

function hangUp(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}

const facts = ({ name, mimeType, bytes }: { name?: string; mimeType?: string; bytes: Buffer }) => ({
  name,
  mimeType,
  bytes: bytes.length,
});

async function sendFile(world: TelegramWorld, req: Request, res: Response): Promise<void> {
  try {
    authorized(world, req.params[0]!);
    const fault = world.settings.faults.next('telegram.file', {}, CALL_FAULTS);
    if (!(await suffer(fault, res))) return;
    const file = world.files.byPath(req.params[1]!);
    if (!file) throw notFound();
    // Telegram's file server names no better type either.
    res.type('application/octet-stream').sendFile(world.files.pathOf(file), { dotfiles: 'allow' });
  } catch (error) {
    answerError(res, error instanceof ApiError ? error : new ApiError(500, 'Internal Server Error'));
  }
}
