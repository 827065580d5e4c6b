const HEADER = 'x-proof-of-work';

/** `fetch`, which computes what an open form of the server wants when it wants it, and asks again. */
export const fetchWithProof =
  (fetchAsUsual: typeof fetch): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const again = request.clone();
    const response = await fetchAsUsual(request);
    if (response.status !== 403 || again.headers.has(HEADER) || !(await needsProof(response))) return response;
    // Nearly nobody needs it.
    const { prove } = await import('./proof-of-work');
    again.headers.set(HEADER, await prove());
    return fetchAsUsual(again);
  };

async function needsProof(response: Response): Promise<boolean> {
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return (problem as { code?: string } | undefined)?.code === 'gateway.proof_of_work_needed';
}
