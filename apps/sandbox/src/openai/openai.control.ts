import type { Router } from 'express';
import { z } from 'zod';
import type { Context } from './context';
import { Model } from './models';
import { ScriptedAnswer } from './script';

const Pace = z.strictObject({
  firstTokenMs: z.number().nonnegative(),
  betweenTokensMs: z.number().nonnegative(),
  betweenReasoningTokensMs: z.number().nonnegative(),
});
const Limits = z.strictObject({ requestsPerMinute: z.int().positive(), tokensPerMinute: z.int().positive() });
const Since = z.coerce.number().int().nonnegative().default(0);

/**
 * How tests and tools steer the models, below `/control/openai`:
 *
 *   GET|POST|DELETE /script      the answers to come; POST takes one or a list of ScriptedAnswer
 *   GET|DELETE      /requests    the same as /calls
 *   GET|PUT         /pace        { firstTokenMs?, betweenTokensMs?, betweenReasoningTokensMs? }
 *   PUT             /limits      { requestsPerMinute?, tokensPerMinute? } of each key; what was used is forgotten
 *   POST            /models      a Model of models.ts is served from now on, in place of one of that id
 *   DELETE          /models/:id  … and no more
 */
export function openAiControl(router: Router, context: Context): void {
  router
    .route('/script')
    .get((_req, res) => void res.json(context.script.list()))
    .post((req, res) => {
      context.script.push(z.array(ScriptedAnswer).parse([req.body].flat()));
      res.status(201).json(context.script.list());
    })
    .delete((_req, res) => {
      context.script.clear();
      res.sendStatus(204);
    });

  router
    .route('/requests')
    .get((req, res) => void res.json(context.calls.since(Since.parse(req.query['since']))))
    .delete((_req, res) => {
      context.calls.clear();
      res.sendStatus(204);
    });

  router
    .route('/pace')
    .get((_req, res) => void res.json(context.pace))
    .put((req, res) => {
      Object.assign(context.pace, Pace.partial().parse(req.body));
      res.json(context.pace);
    });

  router.put('/limits', (req, res) => void res.json(context.meter.setLimits(Limits.partial().parse(req.body))));

  router.post('/models', (req, res) => {
    const model = Model.parse(req.body);
    context.models.set(model.id, model);
    res.status(201).json(model);
  });
  router.delete('/models/:id', (req, res) => {
    context.models.delete(req.params.id);
    res.sendStatus(204);
  });
}
