import { refusedWith } from './refused-with';

const HEADER = 'x-proof-of-work';

/** `fetch`, which computes what an open form of the server wants when it wants it, and asks again. */
export const fetchWithProofOfWork =
  (fetchAsUsual: typeof fetch): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const again = request.clone();
    const response = await fetchAsUsual(request);
    if (again.headers.has(HEADER) || !(await refusedWith('gateway.proof_of_work_needed', response))) return response;
    // Nearly nobody needs it.
    const { prove } = await import('./proof-of-work');
    again.headers.set(HEADER, await prove());
    return fetchAsUsual(again);
  };
