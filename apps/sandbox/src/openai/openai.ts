import express, { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import { randomUUID } from 'node:crypto';
import { beforeHeaders, ClientGone } from '../kit/http';
import { type Context as Kit, defineParty, type ThirdPartySandbox } from '../kit/third-party';
import { ApiError } from './api-error';
import { chatEndpoint } from './chat';
import { Context, type OpenAiOptions } from './context';
import { embeddingsEndpoint } from './embeddings';
import { endpoint, FAULTS, noteBody } from './endpoint';
import { filesRouter } from './files';
import { editsEndpoint, generationsEndpoint } from './images';
import type { Model } from './models';
import { moderationsEndpoint } from './moderations';
import { openAiControl } from './openai.control';
import { responsesRouter } from './responses';
import { speechEndpoint } from './speech';
import { transcriptionsEndpoint } from './transcriptions';

/** An OpenAI-compatible service at `/openai/v1`. */
export const openai = defineParty({
  name: 'openai',
  create({ faults }: Kit, options: OpenAiOptions): ThirdPartySandbox {
    const context = new Context(faults, options);
    return {
      address: '/openai/v1',
      mount: (app) => app.use('/openai/v1', apiRouter(context)),
      control: (router) => openAiControl(router, context),
      calls: context.calls,
      faults: FAULTS,
      reset: () => context.reset(),
      save: () => context.save(),
      restore: (saved) => context.restore(saved),
    };
  },
});

function apiRouter(context: Context): Router {
  const router = Router();
  const note: RequestHandler = (req, res, next) => {
    noteBody(res, req.body);
    next();
  };
  router.use(record(context), standardHeaders, requireApiKey(context), context.meter.admit);
  // Pictures come inside the JSON, as data URLs.
  router.use(express.json({ limit: '50mb' }), note);

  router.get('/models', modelsEndpoint(context));
  router.get('/models/:model', modelEndpoint(context));
  router.post('/chat/completions', chatEndpoint(context));
  router.use('/responses', responsesRouter(context));
  router.use('/files', filesRouter(context));
  router.post('/embeddings', embeddingsEndpoint(context));
  router.post('/moderations', moderationsEndpoint(context));
  router.post('/audio/speech', speechEndpoint(context));
  router.post('/audio/transcriptions', transcriptionsEndpoint(context));
  router.post('/images/generations', generationsEndpoint(context));
  router.post('/images/edits', editsEndpoint(context));

  router.use((req) => {
    throw new ApiError(404, `Unknown request URL: ${req.method} ${req.originalUrl}.`, { code: 'unknown_url' });
  });
  router.use(answerErrors);
  return router;
}

/** 2025-01-01, as Unix seconds. */
const CREATED = 1_735_689_600;
const modelView = ({ id, shutdown_date = null }: Model) => ({
  id,
  object: 'model',
  created: CREATED,
  owned_by: 'sandbox',
  shutdown_date,
});

/** `GET /models` */
const modelsEndpoint = (context: Context) =>
  endpoint(context, 'models', ({ res }) => {
    res.json({ object: 'list', data: [...context.models.values()].map(modelView) });
  });

/** `GET /models/:model` */
const modelEndpoint = (context: Context) =>
  endpoint(context, 'models', ({ req, res }) => {
    const id = String(req.params['model']);
    res.json(modelView(context.modelFor(undefined, id)));
  });

const record =
  ({ calls }: Context): RequestHandler =>
  (req, res, next) => {
    const keyEnding = req.headers.authorization?.slice(-4) ?? null;
    res.locals.call = calls.begin({ method: req.method, path: req.path, keyEnding, body: null }, res);
    next();
  };

/** The headers every answer of OpenAI carries, refusals included. */
const standardHeaders: RequestHandler = (_req, res, next) => {
  const started = performance.now();
  res.setHeader('x-request-id', `req_${randomUUID().replaceAll('-', '')}`);
  res.setHeader('openai-version', '2020-10-01');
  res.setHeader('openai-organization', 'sandbox');
  beforeHeaders(res, () => res.setHeader('openai-processing-ms', Math.max(1, Math.round(performance.now() - started))));
  next();
};

const requireApiKey =
  (context: Context): RequestHandler =>
  (req, _res, next) => {
    const key = /^Bearer\s+(.+)$/i.exec(req.headers.authorization ?? '')?.[1];
    if (!key) {
      throw new ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
          '(i.e. Authorization: Bearer YOUR_KEY).',
      );
    }
    if (!context.accepts(key)) {
      throw new ApiError(401, `Incorrect API key provided: ${key.slice(0, 6)}***${key.slice(-4)}.`, {
        code: 'invalid_api_key',
      });
    }
    next();
  };

const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (error instanceof ClientGone) return;
  // Half an answer cannot become an error: express closes the connection.
  if (res.headersSent) return next(error);
  const known = apiErrorFor(error);
  if (!known) return next(error);
  res.status(known.status).set(known.headers).json(known);
};

/** Undefined for a mistake of the sandbox itself. */
function apiErrorFor(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  const type = (error as { type?: string } | null)?.type;
  if (type === 'entity.too.large') return new ApiError(413, 'The request body is too large.');
  if (type?.startsWith('entity.') || type?.startsWith('encoding.') || type?.startsWith('charset.')) {
    return new ApiError(400, 'We could not parse the JSON body of your request.');
  }
  return undefined;
}
