import { createHmac } from 'node:crypto';
import express, { Router } from 'express';
import { z } from 'zod';
import { CallLog } from '../../src/kit/call-log';
import { applyFault, CALL_FAULTS, type FailureAnswers, OUTGOING_FAULTS, OutgoingFaults } from '../../src/kit/faults';
import { defineParty } from '../../src/kit/third-party';
import { type Delivery, WebhookPusher } from '../../src/kit/webhook-pusher';

interface Change extends Delivery {
  key: string;
  value: string;
}

const Saved = z.object({
  values: z.record(z.string(), z.string()),
  pending: z.array(z.custom<Change>()),
  webhook: z.string().optional(),
});

const FAILURES: FailureAnswers = {
  serverError: () => ({ body: { oops: 'internal' } }),
  tooManyRequests: (seconds) => ({ body: { oops: 'slow down', seconds } }),
};

const HOUR_MS = 3_600_000;

/** The smallest third party there can be: values under keys, and a signed webhook that tells of each change. */
export const keyValue = defineParty({
  name: 'kv',
  create({ faults, pace, touch }, { secret = 'kv' }: { secret?: string }) {
    const calls = new CallLog<{ method: string; key: string }>(100);
    const outgoing = new OutgoingFaults();
    let saved: z.infer<typeof Saved> = { values: {}, pending: [] };
    let pusher: WebhookPusher<Change> | undefined;

    const done = (change: Change) => {
      saved.pending = saved.pending.filter((other) => other !== change);
      touch();
    };
    const push = (url: string) => {
      pusher?.close();
      saved.webhook = url;
      pusher = new WebhookPusher<Change>(
        {
          maxConnections: 4,
          deadlineMs: 5000,
          backoffMs: (failures) => 1000 * 2 ** failures,
          request({ key, value }) {
            const body = JSON.stringify({ key, value });
            const signature = createHmac('sha256', secret).update(body).digest('hex');
            return { url, body, headers: { 'content-type': 'application/json', 'x-kv-signature': signature } };
          },
          onDelivered: done,
          onExpired: done,
          onFailed: touch,
        },
        pace,
        saved.pending,
      );
    };

    const api = Router();
    api.use(express.json());
    api.all('/:key', async (req, res) => {
      const { key } = req.params;
      calls.begin({ method: req.method, key }, res);
      if (!(await applyFault(faults.next(`kv.${req.method === 'PUT' ? 'put' : 'get'}`), res, FAILURES))) return;
      if (req.method === 'PUT') {
        const { value } = z.object({ value: z.string() }).parse(req.body);
        saved.values[key] = value;
        outgoing.pass(faults.next('kv.webhook'), (times) => {
          for (let time = 0; time < times; time += 1) {
            const change: Change = { key, value, lane: key, expires: Date.now() + HOUR_MS };
            saved.pending.push(change);
            pusher?.push(change);
          }
        });
      }
      res.status(key in saved.values ? 200 : 404).json({ value: saved.values[key] ?? null });
    });

    return {
      address: '/kv',
      mount: (app) => app.use('/kv', api),
      control(router) {
        router.put('/webhook', (req, res) => {
          push(z.object({ url: z.url() }).parse(req.body).url);
          res.json({});
        });
        router.get('/values', (_req, res) => void res.json(saved.values));
      },
      calls,
      faults: { get: CALL_FAULTS, put: CALL_FAULTS, webhook: OUTGOING_FAULTS },
      reset() {
        saved = { ...saved, values: {}, pending: [] };
      },
      save: () => saved,
      restore(source) {
        if (!source) return;
        saved = Saved.parse(source);
        if (saved.webhook) push(saved.webhook);
      },
      close() {
        outgoing.close();
        pusher?.close();
      },
    };
  },
});
