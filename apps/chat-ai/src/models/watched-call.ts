import type { ReplyOutcome } from '@switchboard/contracts';
import type { ServerSentEvent } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ModelAnswer, ModelFailure } from './chat-model';

/** More often nobody sees a difference. */
const SHOWN_EVERY_MS = 100;

/** An answer as it grows, for staff who look on. */
export class Progress {
  text = '';
  isOver = false;
  private wake: (() => void) | undefined;

  show(text: string): void {
    this.text = text;
    this.wake?.();
  }

  end(): void {
    this.isOver = true;
    this.wake?.();
  }

  /** Resolves when there is more to show than this, or no more to come. */
  async after(shown: string): Promise<void> {
    if (!this.isOver && this.text === shown) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

export async function* eventsOf<End>(
  progress: Progress,
  ending: Promise<End>,
): AsyncGenerator<ServerSentEvent<End | { state: 'typing'; text: string }>> {
  for (let shown = ''; ;) {
    await progress.after(shown);
    if (progress.isOver) break;
    shown = progress.text;
    yield { data: { state: 'typing', text: shown } };
    await Promise.race([sleep(SHOWN_EVERY_MS), ending.catch(() => undefined)]);
  }
  yield { data: await ending };
}

/** What a turn would have come to, had it asked no other model and no second time. */
export function outcomeOf(result: ModelAnswer | ModelFailure): ReplyOutcome | 'superseded' {
  if (!(result instanceof ModelFailure)) {
    if (result.end === 'refused') return 'refused';
    return result.text.trim() === '' ? 'empty' : 'answered';
  }
  if (result.kind === 'abandoned') return 'superseded';
  if (result.said.trim() !== '') return 'cut_off';
  if (result.kind === 'context_too_long') return 'too_long';
  return result.kind === 'rate_limited' || result.kind === 'timed_out' ? result.kind : 'model_unavailable';
}
