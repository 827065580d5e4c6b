/** In the languages in which problems are told. */
export interface ErrorTexts {
  readonly en: string;
  readonly ru: string;
}

/** An error with a stable code by which web and bots translate it, never by its text. */
export class DomainError extends Error {
  /** What a person is told who reads no page of ours; the message in English without it. */
  readonly texts: ErrorTexts | undefined;

  /**
   * @param code `<service>.<what>`, for example `chat-ai.knowledge_too_large`
   * @param status the HTTP status that fits
   * @param params what a text for the code needs; shown to the caller
   */
  constructor(
    readonly code: string,
    message: string | ErrorTexts,
    readonly status = 400,
    readonly params: Readonly<Record<string, unknown>> = {},
  ) {
    super(typeof message === 'string' ? message : message.en);
    this.name = new.target.name;
    this.texts = typeof message === 'string' ? undefined : message;
  }
}
