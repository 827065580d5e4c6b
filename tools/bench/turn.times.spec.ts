import fc from 'fast-check';
import { question } from './turn.model.mts';
import { covered, outcomeOf } from './turn.times.mts';

const ANSWER = 'The answer.';
const asked = { number: 1, person: 5, saidAt: 1000, acceptedAt: 1010 };

const call = (
  method: string,
  text: string,
  receivedAt: number,
  finishedAt: number | null,
  status: number | null = 200,
) => ({
  id: receivedAt,
  bot: 7,
  method,
  params: { chat_id: '5', text },
  receivedAt,
  finishedAt,
  status,
});
const asking = (number: number, receivedAt: number, finishedAt: number) => ({
  path: '/chat/completions',
  body: { messages: [{ content: question(number - 1) }, { content: question(number) }] },
  receivedAt,
  finishedAt,
});
const final = (at: number) => call('sendMessage', ANSWER, at, at + 4);

describe('what became of a question', () => {
  it('our own part is what neither the model nor Telegram took', () => {
    const calls = [call('sendMessageDraft', '', 1012, 1016), call('sendMessageDraft', 'The', 1040, 1050), final(1060)];
    const { times, lost, doubled } = outcomeOf([asked], calls, [asking(1, 1020, 1045)], ANSWER);
    expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
    expect(times).toEqual([
      {
        acceptedMs: 10,
        firstVisibleMs: 50,
        finalMs: 64,
        finalAt: 1064,
        toModelMs: 20,
        modelMs: 25,
        afterModelMs: 15,
        telegramMs: 18,
        // 64 less 4 for the empty draft, 30 for model and draft side by side, 4 for the message.
        ownMs: 26,
      },
    ]);
  });

  it('without a draft the first text is the message', () => {
    const { times } = outcomeOf([asked], [call('sendMessageDraft', '', 1012, 1016), final(1060)], [], ANSWER);
    expect(times[0]).toMatchObject({ firstVisibleMs: 64, finalMs: 64 });
  });

  it('an answer that never came is lost, and so is one that Telegram refused or that says something else', () => {
    const refused = call('sendMessage', ANSWER, 1050, 1052, 429);
    const apology = call('sendMessage', 'Something went wrong.', 1060, 1062);
    expect(outcomeOf([asked], [refused, apology], [], ANSWER)).toEqual({ times: [], lost: 1, doubled: 0 });
  });

  it('an answer that comes twice is counted', () => {
    expect(outcomeOf([asked], [final(1050), final(1070)], [], ANSWER)).toMatchObject({ lost: 0, doubled: 1 });
  });

  it('answers go to the question before them', () => {
    const second = { ...asked, number: 2, saidAt: 2000, acceptedAt: 2001 };
    const { times, doubled } = outcomeOf([asked, second], [final(1100), final(2050)], [], ANSWER);
    expect(times.map(({ finalMs }) => finalMs)).toEqual([104, 54]);
    expect(doubled).toBe(0);
  });

  it('answers to other people are not counted', () => {
    expect(outcomeOf([{ ...asked, person: 6 }], [final(1050)], [], ANSWER)).toMatchObject({ lost: 1 });
  });
});

describe('how much of a time is covered', () => {
  const span = fc.tuple(fc.nat(100), fc.nat(100)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

  it('each moment counts once, however many spans hold it', () => {
    fc.assert(
      fc.property(fc.array(span), span, (spans, whole) => {
        const moments = Array.from({ length: whole.to - whole.from }, (_, i) => whole.from + i);
        const held = moments.filter((at) => spans.some(({ from, to }) => from <= at && at < to));
        expect(covered(spans, whole)).toBe(held.length);
      }),
    );
  });
});
