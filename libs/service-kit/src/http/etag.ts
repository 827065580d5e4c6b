import { HttpProblem } from './problems';

/** `7` → `"7"`: a strong entity tag, RFC 9110 §8.8.3. */
export const entityTag = (revision: string | number): string => `"${revision}"`;

/** The `If-Match` of a request: which revisions its caller has seen. */
export class IfMatch {
  private constructor(private readonly tags: ReadonlySet<string>) {}

  /** @throws HttpProblem 428 without the header, 400 when it is none of RFC 9110 */
  static read(header: string | undefined): IfMatch {
    if (!header) throw new HttpProblem('if_match_missing');
    const tags = header.split(',').map((tag) => tag.trim());
    if (!tags.every((tag) => tag === '*' || /^"[^"]*"$/.test(tag))) throw new HttpProblem('malformed_if_match');
    return new IfMatch(new Set(tags));
  }

  /**
   * To be asked while the row is locked.
   * @param present what it is now, so that the caller need not ask; it goes out as JSON, without a schema
   * @throws HttpProblem 412 when somebody changed it meanwhile
   */
  check(revision: string | number, present?: object): void {
    if (this.tags.has('*') || this.tags.has(entityTag(revision))) return;
    throw new HttpProblem('revision_mismatch', present && { params: { present } });
  }
}
