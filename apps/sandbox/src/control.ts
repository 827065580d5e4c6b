import { json, Router } from 'express';
import { z } from 'zod';
import { FaultRule, type Faults } from './faults';
import type { TelegramWorld } from './telegram/telegram-world';
import { telegramControl } from './telegram/telegram.control';

/** One rule or several. */
const Rules = z.preprocess((body) => (Array.isArray(body) ? body : [body]), z.array(FaultRule));

/** The control API but for what each third party adds of its own. */
export function control(faults: Faults, telegram: TelegramWorld): Router {
  const router = Router();
  router
    .route('/faults')
    .all(json())
    .get((_req, res) => void res.json(faults.list()))
    .put((req, res) => {
      faults.set(Rules.parse(req.body));
      res.json(faults.list());
    })
    .post((req, res) => {
      Rules.parse(req.body).forEach((rule) => faults.add(rule));
      res.status(201).json(faults.list());
    })
    .delete((_req, res) => {
      faults.clear();
      res.json([]);
    });
  router.post('/reset', async (_req, res) => {
    faults.clear();
    await telegram.reset();
    res.json({ reset: true });
  });
  router.use('/telegram', telegramControl(telegram));
  return router;
}
