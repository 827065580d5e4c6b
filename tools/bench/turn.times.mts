import type { ApiCall } from '../local/sandbox-client.mts';
import { numberIn, type ModelRequest } from './turn.model.mts';

/** A question that was asked. All times are milliseconds since the epoch, with fractions. */
export interface Asked {
  /** Stands in the text, so that it is known which request to the model belongs to it. */
  number: number;
  person: number;
  saidAt: number;
  /** When the webhook had answered. */
  acceptedAt: number;
}

/** What became of a question. All durations are milliseconds. */
export interface TurnTimes {
  acceptedMs: number;
  /** To the first text of the answer in the chat, draft or message. */
  firstVisibleMs: number;
  finalMs: number;
  /** When the whole answer could be seen, in milliseconds since the epoch. */
  finalAt: number;
  /** From the update to the model being asked. */
  toModelMs: number;
  modelMs: number;
  /** From the model's end to the message on its way to Telegram. */
  afterModelMs: number;
  /** What Telegram took for the calls that showed the answer. */
  telegramMs: number;
  /** `finalMs` without the time in which the model or Telegram had the turn in hand. */
  ownMs: number;
}

export interface Outcome {
  times: TurnTimes[];
  lost: number;
  doubled: number;
}

interface Span {
  from: number;
  to: number;
}

/** Finds the answer of each question among the calls. A person asks a second time only after the first answer. */
export function outcomeOf(asked: Asked[], calls: ApiCall[], requests: ModelRequest[], answer: string): Outcome {
  const outcome: Outcome = { times: [], lost: 0, doubled: 0 };
  for (const [i, question] of asked.entries()) {
    const next = asked.slice(i + 1).find(({ person }) => person === question.person)?.saidAt ?? Infinity;
    const shown = calls.filter(
      ({ status, receivedAt, params }) =>
        status === 200 &&
        Number(params.chat_id) === question.person &&
        params.text !== undefined &&
        receivedAt >= question.saidAt &&
        receivedAt < next,
    );
    const finals = shown.filter(({ method, params }) => method === 'sendMessage' && params.text === answer);
    outcome.doubled += Math.max(0, finals.length - 1);
    const [final] = finals;
    const asking = requests.filter((request) => numberIn(request) === question.number);
    if (final) outcome.times.push(timesOf(question, shown, final, asking));
    else outcome.lost += 1;
  }
  return outcome;
}

function timesOf({ saidAt, acceptedAt }: Asked, shown: ApiCall[], final: ApiCall, requests: ModelRequest[]): TurnTimes {
  const whole = { from: saidAt, to: spanOf(final).to };
  const first = shown.find(({ params }) => params.text !== '') ?? final;
  const ofModel = requests.map(spanOf);
  const ofTelegram = shown.map(spanOf);
  const finalMs = whole.to - whole.from;
  const asked = Math.min(...ofModel.map(({ from }) => from));
  const answered = Math.max(...ofModel.map(({ to }) => to));
  return {
    acceptedMs: acceptedAt - saidAt,
    firstVisibleMs: spanOf(first).to - saidAt,
    finalMs,
    finalAt: whole.to,
    toModelMs: asked - saidAt,
    modelMs: covered(ofModel, whole),
    afterModelMs: final.receivedAt - answered,
    telegramMs: covered(ofTelegram, whole),
    ownMs: finalMs - covered([...ofModel, ...ofTelegram], whole),
  };
}

/** What is still going on took no time yet. */
const spanOf = ({ receivedAt, finishedAt }: { receivedAt: number; finishedAt: number | null }): Span => ({
  from: receivedAt,
  to: finishedAt ?? receivedAt,
});

/** How much of `whole` lies within at least one of the spans. */
export function covered(spans: Span[], whole: Span): number {
  let sum = 0;
  let end = whole.from;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const begin = Math.max(from, end);
    end = Math.max(end, Math.min(to, whole.to));
    sum += Math.max(0, end - begin);
  }
  return sum;
}
