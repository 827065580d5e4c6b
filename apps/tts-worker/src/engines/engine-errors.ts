/** What went wrong in a speech or transcription engine, and whether the same request may succeed later. */
export abstract class EngineError extends Error {
  /** Stable; translated and counted by. */
  abstract readonly code: string;
  /** False when the same request would only fail again. */
  abstract readonly retryable: boolean;
  /** True when a server may have done the work, or some of it, and ask money for it. */
  readonly mayBeBilled: boolean = false;
}

/** The text has no words: only marks, spaces or pictures. */
export class NothingToSay extends EngineError {
  override readonly name = 'NothingToSay';
  readonly code = 'tts-worker.nothing_to_say';
  readonly retryable = false;

  constructor() {
    super('the text has nothing that can be spoken');
  }
}

/** The engine has no voice of that name. */
export class UnknownVoice extends EngineError {
  override readonly name = 'UnknownVoice';
  readonly code = 'tts-worker.unknown_voice';
  readonly retryable = false;

  constructor(engine: string, voice: string) {
    super(`${engine} has no voice "${voice}"`);
  }
}

/** The engine is away, overloaded, crashed or not installed. */
export class EngineUnavailable extends EngineError {
  override readonly name = 'EngineUnavailable';
  readonly code = 'tts-worker.engine_unavailable';
  readonly retryable = true;

  /** Seconds the engine asked to be left alone for. */
  readonly retryAfterSeconds: number | undefined;
  override readonly mayBeBilled: boolean;

  constructor(
    message: string,
    {
      retryAfterSeconds,
      mayBeBilled = false,
      cause,
    }: { retryAfterSeconds?: number | undefined; mayBeBilled?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.retryAfterSeconds = retryAfterSeconds;
    this.mayBeBilled = mayBeBilled;
  }
}

/** The engine took longer than its deadline. */
export class EngineTimedOut extends EngineError {
  override readonly name = 'EngineTimedOut';
  readonly code = 'tts-worker.engine_timed_out';
  readonly retryable = true;
  override readonly mayBeBilled = true;

  constructor(engine: string, deadlineMs: number) {
    super(`${engine} did not finish within ${deadlineMs} ms`);
  }
}

/** The engine said no for good: wrong key, unknown model, spent quota, unacceptable input. */
export class EngineRefused extends EngineError {
  override readonly name = 'EngineRefused';
  readonly code = 'tts-worker.engine_refused';
  readonly retryable = false;
}

/** The engine answered with something else than it was asked for. */
export class BadAnswer extends EngineError {
  override readonly name = 'BadAnswer';
  readonly code = 'tts-worker.bad_answer';
  readonly retryable = false;
  override readonly mayBeBilled = true;
}

/** The recording is larger or longer than the engine takes. */
export class RecordingTooLarge extends EngineError {
  override readonly name = 'RecordingTooLarge';
  readonly code = 'tts-worker.recording_too_large';
  readonly retryable = false;

  constructor(details: string, options?: { cause: unknown }) {
    super(`the recording is more than the engine takes: ${details}`, options);
  }
}
