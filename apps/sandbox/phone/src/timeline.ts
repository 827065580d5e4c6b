import type { Message } from '../../src/phone/phone.api';
import { draftKey, inheritedKey, type Draft, type Outgoing, type PhoneState } from './phone.state';

export interface Day {
  key: string;
  /** Unix seconds of its first line. */
  date: number;
  lines: Line[];
}

export interface Line {
  key: string;
  message: Message;
  /** First and last of a run by the same person: the first carries the name, the last the tail. */
  first: boolean;
  last: boolean;
  outgoing?: Outgoing;
  draft?: Draft;
}

/** A longer silence than this starts a new run of bubbles. */
const runSeconds = 300;

/**
 * What a chat shows, top to bottom: messages, with what could not be sent where it was tried, then what is on its way out,
 * then the draft being written. With a topic only what stands in it.
 */
export function timeline(state: PhoneState, chatId: number, topic?: number): Day[] {
  const draft = state.drafts[chatId];
  const all = state.messages[chatId] ?? [];
  const known = topic === undefined ? all : all.filter((message) => message.topic?.id === topic);
  const own = state.outgoing
    .filter((outgoing) => outgoing.chatId === chatId)
    .map((outgoing) => ({ key: outgoing.key, message: outgoing.preview, outgoing }));
  const failed = own.filter(({ outgoing }) => outgoing.failure);
  const failedBetween = (from: number, to: number) =>
    failed.filter(({ outgoing: { after = 0 } }) => from <= after && after < to);
  const shown: Omit<Line, 'first' | 'last'>[] = [
    ...failedBetween(0, known[0]?.id ?? Infinity),
    ...known.flatMap((message, i) => [
      { key: state.inherited[inheritedKey(message)] ?? `message:${message.id}`, message },
      ...failedBetween(message.id, known[i + 1]?.id ?? Infinity),
    ]),
    ...own.filter(({ outgoing }) => !outgoing.failure),
    ...(draft ? [{ key: draftKey(chatId, draft.id), message: draft.message, draft }] : []),
  ];
  const days: Day[] = [];
  shown.forEach((line, i) => {
    const { message } = line;
    const before = shown[i - 1]?.message;
    const after = shown[i + 1]?.message;
    const first = !before || !sameRun(before, message);
    const last = !after || !sameRun(message, after);
    // The day itself is the key, so that older messages joining it leave its bubbles where they are.
    const key = dayOf(message);
    if (days.at(-1)?.key !== key) days.push({ key, date: message.date, lines: [] });
    days.at(-1)?.lines.push({ ...line, first, last });
  });
  return days;
}

const dayOf = ({ date }: Message) => new Date(date * 1000).toDateString();

const sameRun = (a: Message, b: Message) =>
  !a.service && !b.service && a.from.id === b.from.id && b.date - a.date < runSeconds && dayOf(a) === dayOf(b);
