import { type ProblemDocument, problemOf } from '@switchboard/ui';

/** The problem that a response tells of, when it is this one; the response can still be read by whoever gets it. */
export async function refusedWith(code: string, response: Response): Promise<ProblemDocument | undefined> {
  if (response.ok) return undefined;
  const problem = problemOf(
    await response
      .clone()
      .json()
      .catch(() => undefined),
  );
  return problem?.code === code ? problem : undefined;
}
