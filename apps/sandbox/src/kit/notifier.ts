import type { Router } from 'express';
import { z } from 'zod';
import { OUTGOING_FAULTS, OutgoingFaults } from './faults';
import { HttpError } from './http';
import type { Context } from './third-party';
import { type Delivery, type WebhookAnswer, WebhookPusher } from './webhook-pusher';

/** Something to be told; it is signed anew at each attempt. */
export interface Notification extends Delivery {
  id: number;
  /** Whose it is, as the party knows its accounts. */
  account: string;
  url: string;
  body: string;
  /** A fault of the party's own, such as a wrong signature. */
  flaw?: string;
}

/** One attempt, as it went out. `status` is null while there is no answer. */
export interface SentNotification {
  id: number;
  account: string;
  url: string;
  headers: Record<string, string>;
  body: string;
  status: number | null;
}

export interface NotifierOptions {
  /** By which faults are ordered: `stripe.webhook`. */
  target: string;
  /** An answer that takes longer is a failure. */
  deadlineMs: number;
  /** Milliseconds to wait after so many failures in a row; Infinity gives up. */
  backoffMs(failures: number): number;
  lifetimeMs: number;
  sign(notification: Notification): Record<string, string>;
  /** Whether an answer with a 2xx takes it. Default: any does. */
  isTaken?(answer: WebhookAnswer): boolean;
  /** It was not taken, and will not be sent again. */
  onGivenUp?(notification: Notification): void;
}

const KEPT = 500;
/** A stranger's server may be slow; nobody waits for more of them than this at a time. */
const MAX_CONNECTIONS = 20;

/** What a party tells by webhook: at least once, in any order, and under the faults of its target. */
export class Notifier {
  private readonly outgoing = new OutgoingFaults();
  private pusher!: WebhookPusher<Notification>;
  private pending: Notification[] = [];
  private sent: SentNotification[] = [];
  private lastId = 0;

  constructor(
    private readonly context: Context,
    private readonly options: NotifierOptions,
  ) {
    this.start();
  }

  /** Notifications of one lane come one after the other; without one, each goes by itself. */
  tell(told: { account: string; url: string; body: string | ((flaw?: string) => string); lane?: string }): void {
    const { account, url, lane } = told;
    const fault = this.context.faults.next(this.options.target);
    const flaw = fault && !(fault.kind in OUTGOING_FAULTS) ? fault.kind : undefined;
    const body = typeof told.body === 'string' ? told.body : told.body(flaw);
    this.outgoing.pass(fault, (times) => {
      for (let time = 0; time < times; time += 1) {
        const id = ++this.lastId;
        const expires = Date.now() + this.options.lifetimeMs;
        const notification = { id, account, url, body, lane: lane ?? id, expires, ...(flaw && { flaw }) };
        this.pending.push(notification);
        this.pusher.push(notification);
      }
      this.context.touch();
    });
  }

  /** What was sent of an account, or of all; the oldest first. */
  log(account?: string): SentNotification[] {
    return this.sent.filter((one) => account === undefined || one.account === account);
  }

  /** Sends the very same bytes again, as somebody would who has seen them pass. */
  async replay(id: number): Promise<number> {
    const found = this.sent.findLast((one) => one.id === id);
    if (!found) throw new HttpError(404, `no notification ${id} was sent`);
    const { url, headers, body } = found;
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) });
    return response.status;
  }

  /** `GET /notifications?account=`, `POST /notifications/:id/replay`. */
  control(router: Router): void {
    router.get('/notifications', (req, res) => {
      res.json(this.log(z.looseObject({ account: z.string().optional() }).parse(req.query).account));
    });
    router.post('/notifications/:id/replay', async (req, res) => {
      res.json({ status: await this.replay(Number(req.params.id)) });
    });
  }

  save(): object {
    return { pending: this.pending, lastId: this.lastId };
  }

  restore(saved: unknown): void {
    const { pending, lastId } = saved as { pending: Notification[]; lastId: number };
    this.lastId = lastId;
    this.start(pending);
  }

  forget(): void {
    this.sent = [];
    this.start();
  }

  close(): void {
    this.outgoing.close();
    this.pusher.close();
  }

  private start(pending: Notification[] = []): void {
    this.pusher?.close();
    this.pending = pending;
    const { deadlineMs, backoffMs, isTaken, onGivenUp } = this.options;
    this.pusher = new WebhookPusher<Notification>(
      {
        maxConnections: MAX_CONNECTIONS,
        deadlineMs,
        backoffMs,
        ...(isTaken && { isTaken }),
        request: (notification) => this.request(notification),
        onDelivered: (notification, { status }) => this.done(notification, status),
        onFailed: (notification, _reason, status) => {
          this.answered(notification, status ?? 0);
          this.context.touch();
        },
        onExpired: (notification) => {
          this.done(notification);
          onGivenUp?.(notification);
        },
      },
      this.context.pace,
      pending,
    );
  }

  private request(notification: Notification): { url: string; headers: Record<string, string>; body: string } {
    const { id, account, url, body } = notification;
    const headers = { 'content-type': 'application/json', ...this.options.sign(notification) };
    this.sent = [...this.sent, { id, account, url, headers, body, status: null }].slice(-KEPT);
    return { url, headers, body };
  }

  private answered({ id }: Notification, status: number): void {
    const last = this.sent.findLast((one) => one.id === id);
    if (last) last.status = status;
  }

  private done(notification: Notification, status?: number): void {
    if (status !== undefined) this.answered(notification, status);
    this.pending = this.pending.filter((other) => other !== notification);
    this.context.touch();
  }
}
