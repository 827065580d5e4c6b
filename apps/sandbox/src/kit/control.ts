import { json, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { FaultRule, type Faults } from './faults';
import type { ThirdPartySandbox } from './third-party';

/** One rule or several. */
const Rules = z.preprocess((body) => (Array.isArray(body) ? body : [body]), z.array(FaultRule));
const CallsQuery = z.looseObject({ since: z.coerce.number().int().nonnegative().default(0) });

/**
 * How tests and tools steer the sandbox, JSON in and out; `client.ts` speaks it:
 *
 *   GET PUT POST DELETE /faults   all rules · replace · add · remove; a rule that could never apply is a 400
 *   GET  /parties                 where each party answers, below the sandbox's own address
 *   GET  /faults/known            every target with the kinds it knows
 *   POST /reset, /<name>/reset    forgets what has happened
 *   GET DELETE /<name>/calls      what a party was asked: `?since=<id>&<fact>=<value>`
 *   …    /<name>/…                what the party adds
 */
export function control(faults: Faults, parties: ReadonlyMap<string, ThirdPartySandbox>): Router {
  const router = Router();
  router.get('/parties', (_req, res) => {
    res.json(Object.fromEntries([...parties].map(([name, { address }]) => [name, address])));
  });
  router.get('/faults/known', (_req, res) => void res.json(faults.known()));
  router
    .route('/faults')
    .all(json())
    .get((_req, res) => void res.json(faults.list()))
    .put((req, res) => {
      faults.set(Rules.parse(req.body));
      res.json(faults.list());
    })
    .post((req, res) => {
      faults.add(...Rules.parse(req.body));
      res.status(201).json(faults.list());
    })
    .delete((_req, res) => {
      faults.clear();
      res.json([]);
    });
  router.post('/reset', async (_req, res) => {
    faults.clear();
    await Promise.all([...parties.values()].map((party) => forget(party)));
    res.json({ reset: true });
  });
  for (const [name, party] of parties) {
    const own = Router();
    own
      .route('/calls')
      .get((req: Request, res: Response) => {
        const { since, ...facts } = CallsQuery.parse(req.query);
        res.json(party.calls.since(since, facts));
      })
      .delete((_req, res) => {
        party.calls.clear();
        res.sendStatus(204);
      });
    own.post('/reset', async (_req, res) => {
      await forget(party);
      res.json({ reset: true });
    });
    // Files come as base64 in here.
    own.use(json({ limit: '70mb' }));
    party.control(own);
    router.use(`/${name}`, own);
  }
  return router;
}

async function forget(party: ThirdPartySandbox): Promise<void> {
  party.calls.clear();
  await party.reset();
}
