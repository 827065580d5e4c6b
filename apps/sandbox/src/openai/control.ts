import express, { type ErrorRequestHandler, Router } from 'express';
import { z } from 'zod';
import { ScriptedAnswer } from './script';
import type { World } from './world';

const Pace = z.strictObject({ firstTokenMs: z.number().nonnegative(), betweenTokensMs: z.number().nonnegative() });
const Limits = z.strictObject({ requestsPerMinute: z.int().positive(), tokensPerMinute: z.int().positive() });
const Since = z.coerce.number().int().nonnegative().default(0);

/**
 * How tests and the console steer the pretended models:
 *
 *   GET|POST|DELETE /script      the answers to come; POST takes one or a list of ScriptedAnswer
 *   GET|DELETE      /requests    what was received; `?since=<id>` gives only what came after that one
 *   GET|PUT         /pace        { firstTokenMs?, betweenTokensMs? }
 *   PUT             /limits      { requestsPerMinute?, tokensPerMinute? } of each key; what was used is forgotten
 */
export function controlRouter(world: World): Router {
  const router = Router();
  router.use(express.json({ limit: '10mb' }));

  router
    .route('/script')
    .get((_req, res) => void res.json(world.script.list()))
    .post((req, res) => {
      world.script.push(z.array(ScriptedAnswer).parse([req.body].flat()));
      res.status(201).json(world.script.list());
    })
    .delete((_req, res) => {
      world.script.clear();
      res.sendStatus(204);
    });

  router
    .route('/requests')
    .get((req, res) => void res.json(world.log.since(Since.parse(req.query['since']))))
    .delete((_req, res) => {
      world.log.clear();
      res.sendStatus(204);
    });

  router
    .route('/pace')
    .get((_req, res) => void res.json(world.pace))
    .put((req, res) => {
      Object.assign(world.pace, Pace.partial().parse(req.body));
      res.json(world.pace);
    });

  router.put('/limits', (req, res) => void res.json(world.meter.setLimits(Limits.partial().parse(req.body))));
  router.use(explainMistakes);
  return router;
}

const explainMistakes: ErrorRequestHandler = (error, _req, res, next) => {
  if (!(error instanceof z.ZodError)) return next(error);
  res.status(400).json({ error: z.prettifyError(error) });
};
