import type { Response } from 'express';
import { z } from 'zod';
import { breakOff, HttpError, pause } from './http';

/**
 * One order to fail. `target` names what is asked of a third party (`telegram.sendMessage`, `openai.chat`); a trailing
 * `*` stands for any rest. `kind` is one that the target knows, some with an argument: `429:ms`, `cut-stream:2`.
 */
export const FaultRule = z.strictObject({
  target: z.string().min(1),
  kind: z.string().min(1),
  /** Only for this chat. */
  chat: z.coerce.number().int().optional(),
  /** Only at this server, of a third party that has several. */
  server: z.string().optional(),
  /** How many times it happens; without it, until the rules are replaced. */
  times: z.int().positive().optional(),
  /** Let this many matching requests pass unharmed first. */
  after: z.int().nonnegative().optional(),
  /** Milliseconds, for kinds that wait. */
  ms: z.int().nonnegative().optional(),
  /** Seconds, for a 429. */
  retryAfter: z.number().nonnegative().optional(),
  /** What is answered word for word, for the kind `answer`: a refusal that the real one was seen to give. */
  answer: z
    .strictObject({
      status: z.int().min(200).max(599),
      headers: z.record(z.string(), z.string()).optional(),
      /** Sent as it is when it is a string, as JSON otherwise. */
      body: z.json(),
    })
    .optional(),
});
export type FaultRule = z.infer<typeof FaultRule>;

/** Kinds by name, each with the pattern of what stands behind its colon; null when there is no colon. */
export type FaultKinds = Readonly<Record<string, RegExp | null>>;

/** What can go wrong with any HTTP call; `…-after-commit` does the work first. `applyFault` acts them out. */
export const CALL_FAULTS = {
  delay: null,
  '429': /^(ms|date|none)?$/,
  '500': null,
  '500-after-commit': null,
  '502-html': null,
  hang: null,
  'hang-after-commit': null,
  reset: null,
  'reset-after-commit': null,
  answer: null,
  'answer-after-commit': null,
} as const satisfies FaultKinds;

/** What can go wrong with what a third party sends by itself; `OutgoingFaults` acts them out. */
export const OUTGOING_FAULTS = {
  drop: null,
  duplicate: null,
  reorder: null,
  delay: null,
} as const satisfies FaultKinds;

/** A rule that applies now. */
export interface Fault {
  /** Without its argument. */
  kind: string;
  argument: string;
  rule: FaultRule;
}

/** Of a request, by which rules may be narrowed. */
export interface FaultFacts {
  readonly chat?: number;
  readonly server?: string;
}

interface Armed {
  rule: FaultRule;
  toPass: number;
  left: number;
}

/** The faults in force, shared by all third parties. */
export class Faults {
  private armed: Armed[] = [];
  /** By target in lower case. */
  private readonly targets = new Map<string, { name: string; kinds: FaultKinds }>();

  /** Makes a party's targets known, `party.target`. */
  register(party: string, targets: Readonly<Record<string, FaultKinds>>): void {
    for (const [target, kinds] of Object.entries(targets)) {
      const name = `${party}.${target}`;
      this.targets.set(name.toLowerCase(), { name, kinds });
    }
  }

  /** Replaces every rule. Throws HttpError 400 for one that could never apply, and then leaves all as they were. */
  set(rules: FaultRule[]): void {
    rules.forEach((rule) => this.check(rule));
    this.armed = rules.map(arm);
  }

  /** Throws HttpError 400 for rules that could never apply, and then adds none. */
  add(...rules: FaultRule[]): void {
    rules.forEach((rule) => this.check(rule));
    this.armed.push(...rules.map(arm));
  }

  /** The rules still in force, with `times` as what is left of it. */
  list(): FaultRule[] {
    return this.armed.map(({ rule, left }) => (left === Infinity ? rule : { ...rule, times: left }));
  }

  clear(): void {
    this.armed = [];
  }

  /** Every target with its kinds, for whoever wants to set a rule. */
  known(): Record<string, string[]> {
    return Object.fromEntries([...this.targets.values()].map(({ name, kinds }) => [name, Object.keys(kinds)]));
  }

  /** The rule that applies to this request, if any; the first match wins and one of its `times` is used up. */
  next(target: string, facts: FaultFacts = {}): Fault | undefined {
    if (this.armed.length === 0) return undefined;
    const kinds = this.targets.get(target.toLowerCase())?.kinds ?? {};
    // `telegram.*` with a 500 is about calls, and must not be spent on updates, which know no such kind.
    const found = this.armed.find(
      ({ rule }) => matches(rule, target) && applies(rule, facts) && knows(kinds, rule.kind),
    );
    if (!found) return undefined;
    if (found.toPass > 0) {
      found.toPass -= 1;
      return undefined;
    }
    found.left -= 1;
    if (found.left === 0) this.armed = this.armed.filter((other) => other !== found);
    const { kind, argument } = parse(found.rule.kind);
    return { kind, argument, rule: found.rule };
  }

  private check(rule: FaultRule): void {
    if (/^answer/.test(rule.kind) !== (rule.answer !== undefined))
      throw new HttpError(400, '"answer" says what the kind "answer" answers: give both or neither');
    const targets = [...this.targets.values()].filter(({ name }) => matches(rule, name));
    if (targets.length === 0) {
      throw new HttpError(400, `there is no target "${rule.target}"; GET /control/faults/known lists them`);
    }
    if (targets.some(({ kinds }) => knows(kinds, rule.kind))) return;
    const kinds = [...new Set(targets.flatMap((target) => Object.keys(target.kinds)))];
    const { kind } = parse(rule.kind);
    throw new HttpError(
      400,
      kinds.includes(kind)
        ? `"${rule.kind}": this argument means nothing to the fault "${kind}" of ${rule.target}`
        : `"${rule.target}" knows no fault "${rule.kind}", but ${kinds.join(', ')}`,
    );
  }
}

const arm = (rule: FaultRule): Armed => ({ rule, toPass: rule.after ?? 0, left: rule.times ?? Infinity });

function parse(kind: string): { kind: string; argument: string } {
  const [name = '', argument = ''] = kind.split(/:(.*)/s);
  return { kind: name, argument };
}

function knows(kinds: FaultKinds, wanted: string): boolean {
  const { kind, argument } = parse(wanted);
  if (!Object.hasOwn(kinds, kind)) return false;
  return kinds[kind]?.test(argument) ?? wanted === kind;
}

function matches(rule: FaultRule, target: string): boolean {
  const wanted = rule.target.toLowerCase();
  const asked = target.toLowerCase();
  return wanted.endsWith('*') ? asked.startsWith(wanted.slice(0, -1)) : asked === wanted;
}

const applies = (rule: FaultRule, facts: FaultFacts) =>
  (rule.chat === undefined || rule.chat === facts.chat) && (rule.server === undefined || rule.server === facts.server);

export interface FailureAnswer {
  headers?: Record<string, string>;
  body: object;
}

/** How a third party words its failures; `seconds` is how long a 429 asks to wait. */
export interface FailureAnswers {
  serverError(): FailureAnswer;
  tooManyRequests(seconds: number, fault: Fault): FailureAnswer;
}

/**
 * Acts out any of CALL_FAULTS. False when there is nothing more to answer; with true the work shall be done, and for
 * `…-after-commit` what it answers is replaced on its way out.
 */
export async function applyFault(fault: Fault | undefined, res: Response, answers: FailureAnswers): Promise<boolean> {
  const { retryAfter = 1, ms = 1000 } = fault?.rule ?? {};
  switch (fault?.kind) {
    case 'delay':
      await pause(res, ms);
      return true;
    case '429': {
      const { headers = {}, body } = answers.tooManyRequests(retryAfter, fault);
      res
        .status(429)
        .set({ ...retryHeader(fault.argument, retryAfter), ...headers })
        .json(body);
      return false;
    }
    case '500':
      sendServerError(res, answers);
      return false;
    case '500-after-commit':
      replaceAnswer(res, () => sendServerError(res, answers));
      return true;
    case '502-html':
      res.status(502).type('html').send(BAD_GATEWAY);
      return false;
    case 'hang':
      await pause(res, Infinity);
      return false;
    case 'hang-after-commit':
      replaceAnswer(res, () => undefined);
      return true;
    case 'reset':
      breakOff(res);
      return false;
    case 'reset-after-commit':
      replaceAnswer(res, () => breakOff(res));
      return true;
    case 'answer':
      sendOrdered(res, fault);
      return false;
    case 'answer-after-commit':
      replaceAnswer(res, () => sendOrdered(res, fault));
      return true;
    default:
      return true;
  }
}

function sendOrdered(res: Response, { rule }: Fault): void {
  const { status, headers = {}, body } = rule.answer!;
  res.status(status).set(headers);
  if (typeof body === 'string') res.send(body);
  else res.json(body);
}

function sendServerError(res: Response, answers: FailureAnswers): void {
  const { headers = {}, body } = answers.serverError();
  res.status(500).set(headers).json(body);
}

/** When the work begins to answer, its answer is thrown away and `instead` happens. */
function replaceAnswer(res: Response, instead: () => void): void {
  const { writeHead, write, end } = res;
  let replaced = false;
  const swallow = (...args: unknown[]) => {
    if (!replaced) {
      replaced = true;
      Object.assign(res, { writeHead, write, end });
      for (const name of res.getHeaderNames()) if (/^(content-|transfer-)/.test(name)) res.removeHeader(name);
      instead();
      Object.assign(res, { writeHead: swallow, write: swallow, end: swallow });
    }
    // Whoever waits for the bytes to leave shall not wait for ever.
    const done = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
    if (done) setImmediate(done);
    return res;
  };
  Object.assign(res, { writeHead: swallow, write: swallow, end: swallow });
}

const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n' +
  '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';

/** The wait in the form that was ordered: seconds unless told, and no word of it for `none` and a party's own forms. */
function retryHeader(form: string, seconds: number): Record<string, string> {
  switch (form) {
    case 'ms':
      return { 'retry-after-ms': `${Math.round(seconds * 1000)}` };
    case 'date':
      // An HTTP date knows no fractions: rounding up keeps the promise of "not before".
      return { 'retry-after': new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000).toUTCString() };
    case '':
      return { 'retry-after': `${Math.ceil(seconds)}` };
    default:
      return {};
  }
}

/** How long what was held back waits for something to overtake it. */
const REORDER_MS = 1000;

/** Acts out OUTGOING_FAULTS on one stream of what a third party sends. */
export class OutgoingFaults {
  private held?: () => void;
  private readonly timers = new Set<NodeJS.Timeout>();

  /** Calls `send` when it is time, with how many times. */
  pass(fault: Fault | undefined, send: (times: number) => void): void {
    const ms = fault?.rule.ms;
    switch (fault?.kind) {
      case 'drop':
        return;
      case 'duplicate':
        return this.overtaking(() => send(2));
      case 'delay':
        return this.later(ms ?? 1000, () => send(1));
      case 'reorder':
        return this.hold(() => send(1), ms ?? REORDER_MS);
      default:
        return this.overtaking(() => send(1));
    }
  }

  close(): void {
    this.timers.forEach(clearTimeout);
  }

  private overtaking(send: () => void): void {
    send();
    const held = this.held;
    this.held = undefined;
    held?.();
  }

  private hold(send: () => void, ms: number): void {
    this.held?.();
    this.held = send;
    this.later(ms, () => {
      if (this.held !== send) return;
      this.held = undefined;
      send();
    });
  }

  private later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }
}
