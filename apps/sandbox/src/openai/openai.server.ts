import express, { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import type { Faults } from '../faults';
import { ApiError } from './api-error';
import { requireApiKey } from './api-key';
import { chatEndpoint } from './chat.endpoint';
import { controlRouter } from './control';
import { embeddingsEndpoint } from './embeddings';
import { imagesEndpoint } from './images';
import { modelEndpoint, modelsEndpoint } from './models';
import { moderationsEndpoint } from './moderations';
import { ClientGone } from './pause';
import { DEFAULT_LIMITS, type Limits, RateMeter } from './rate-meter';
import { RequestLog } from './request-log';
import { Script } from './script';
import { speechEndpoint } from './speech';
import { standardHeaders } from './standard-headers';
import { transcriptionsEndpoint } from './transcriptions';
import { DEFAULT_PACE, type Pace, type World } from './world';

export interface OpenAiOptions {
  pace?: Partial<Pace>;
  limits?: Partial<Limits>;
}

/**
 * A pretended OpenAI-compatible service: `router` is its API (mount it at a base URL such as `/openai/v1`), `control`
 * steers it. Faults are asked for as `openai.chat`, `.speech`, `.transcription`, `.embeddings`, `.moderations`,
 * `.images` and `.models`; their kinds are listed at `Misdeed`.
 */
export function createOpenAi(faults: Faults, options: OpenAiOptions = {}): { router: Router; control: Router } {
  const world: World = {
    faults,
    script: new Script(),
    log: new RequestLog(),
    meter: new RateMeter({ ...DEFAULT_LIMITS, ...options.limits }),
    pace: { ...DEFAULT_PACE, ...options.pace },
  };
  return { router: apiRouter(world), control: controlRouter(world) };
}

function apiRouter(world: World): Router {
  const router = Router();
  const noteBody: RequestHandler = (req, _res, next) => {
    world.log.noteBody(req, req.body);
    next();
  };
  router.use(world.log.record, standardHeaders, requireApiKey, world.meter.admit);
  // Pictures come inside the JSON, as data URLs.
  router.use(express.json({ limit: '50mb' }), noteBody);

  router.get('/models', modelsEndpoint(world));
  router.get('/models/:model', modelEndpoint(world));
  router.post('/chat/completions', chatEndpoint(world));
  router.post('/embeddings', embeddingsEndpoint(world));
  router.post('/moderations', moderationsEndpoint(world));
  router.post('/audio/speech', speechEndpoint(world));
  router.post('/audio/transcriptions', transcriptionsEndpoint(world));
  router.post(['/images/generations', '/images/edits'], imagesEndpoint(world));

  router.use((req) => {
    throw new ApiError(404, `Unknown request URL: ${req.method} ${req.originalUrl}.`, { code: 'unknown_url' });
  });
  router.use(answerErrors);
  return router;
}

const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (error instanceof ClientGone) return;
  // Half an answer cannot become an error: express closes the connection.
  if (res.headersSent) return next(error);
  const refusal = refusalFor(error);
  if (!refusal) return next(error);
  res.status(refusal.status).set(refusal.headers).json(refusal);
};

/** Undefined for a mistake of the sandbox itself. */
function refusalFor(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  const type = (error as { type?: string } | null)?.type;
  if (type === 'entity.too.large') return new ApiError(413, 'The request body is too large.');
  if (type?.startsWith('entity.') || type?.startsWith('encoding.') || type?.startsWith('charset.')) {
    return new ApiError(400, 'We could not parse the JSON body of your request.');
  }
  return undefined;
}
