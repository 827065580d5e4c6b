import { EngineError } from './engine-errors';

export interface Amount {
  /** Of the text that was sent. */
  readonly characters: number;
  /** Of the sound that was sent or made; an estimate until it is measured. */
  readonly audioMs: number;
}

/** What a call may be billed for, counted while it runs: so it is known as well when the call fails half-way. */
export class CallMeter implements Amount {
  characters = 0;
  audioMs = 0;

  add({ characters, audioMs }: Amount): void {
    this.characters += characters;
    this.audioMs += audioMs;
  }

  /** Runs one request that is billed by this amount, unless the server refuses it or is never reached. */
  async count<T>(amount: Amount, request: () => Promise<T>): Promise<T> {
    this.add(amount);
    try {
      return await request();
    } catch (error) {
      if (error instanceof EngineError && !error.mayBeBilled) {
        this.add({ characters: -amount.characters, audioMs: -amount.audioMs });
      }
      throw error;
    }
  }

  /** The true length of the sound. */
  measured(audioMs: number): void {
    this.audioMs = audioMs;
  }
}
