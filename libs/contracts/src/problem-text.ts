import type { LocalizedText } from './api.shapes';

/** What a problem means, for whoever meets its code and has nothing else: the page that its `type` leads to. */
export interface ProblemText extends LocalizedText {
  /** What to do about it; without it what the status says of all its problems. */
  readonly todo?: LocalizedText;
}
