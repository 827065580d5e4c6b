/** An error with a stable code by which web and bots translate it, never by its text. */
export class DomainError extends Error {
  /**
   * @param code `<service>.<what>`, for example `chat-ai.knowledge_too_large`
   * @param status the HTTP status that fits
   * @param params what a text for the code needs; shown to the caller
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    readonly params: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}
