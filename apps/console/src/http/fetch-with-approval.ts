import { fetchWithStepUp } from './fetch-with-step-up';
import { refusedWith } from './refused-with';

/** A request that somebody else has to agree to, as it was sent: only exactly this is approved. */
export interface WaitingRequest {
  readonly approvalId: string;
  readonly expiresAt: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Who tells the person that somebody else has to agree; answers whether they have meanwhile. */
type Wait = (waiting: WaitingRequest) => Promise<boolean>;

let wait: Wait | undefined;

/** Registers the dialog that waits; answers how to take it away. */
export function onApprovalNeeded(tell: Wait): () => void {
  wait = tell;
  return () => {
    if (wait === tell) wait = undefined;
  };
}

/** `fetch`, which sends what needs a second person's approval once more when it was given. */
export const fetchWithApproval: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const again = request.clone();
  const response = await fetchWithStepUp(request);
  if (!wait) return response;
  const problem = await refusedWith('approval_required', response);
  const { approvalId, expiresAt } = (problem?.params ?? {}) as { approvalId?: string; expiresAt?: string };
  if (!approvalId || !expiresAt) return response;
  const waiting: WaitingRequest = {
    approvalId,
    expiresAt,
    method: again.method,
    url: again.url,
    headers: Object.fromEntries(again.headers),
    body: await again.text(),
  };
  waitingRequests.keep(waiting);
  return (await wait(waiting)) ? sendApproved(waiting) : response;
};

/** Does what was approved. The same may be sent again: it is done once. */
export async function sendApproved({ approvalId, method, url, headers, body }: WaitingRequest): Promise<Response> {
  const response = await fetchWithStepUp(url, {
    method,
    headers: { ...headers, 'x-approval': approvalId },
    body: body || undefined,
  });
  if (response.ok || response.status === 409) waitingRequests.forget(approvalId);
  return response;
}

const STORED_AS = 'switchboard.waiting-requests';

/**
 * What waits for somebody else, kept by this browser until it is done or its time is over: they may agree tomorrow, and the server
 * knows what was asked for but does not do it by itself.
 */
export const waitingRequests = {
  all(): WaitingRequest[] {
    try {
      const stored = JSON.parse(localStorage.getItem(STORED_AS) ?? '[]') as WaitingRequest[];
      return stored.filter(({ expiresAt }) => Date.parse(expiresAt) > Date.now());
    } catch {
      return []; // Storage may be forbidden, or hold what an older version wrote.
    }
  },
  find: (approvalId: string): WaitingRequest | undefined =>
    waitingRequests.all().find((one) => one.approvalId === approvalId),
  keep(request: WaitingRequest): void {
    waitingRequests.write([...waitingRequests.without(request.approvalId), request]);
  },
  forget(approvalId: string): void {
    waitingRequests.write(waitingRequests.without(approvalId));
  },
  /** Who signs out leaves nothing behind. */
  clear(): void {
    waitingRequests.write([]);
  },
  without: (approvalId: string) => waitingRequests.all().filter((one) => one.approvalId !== approvalId),
  write(requests: readonly WaitingRequest[]): void {
    try {
      if (requests.length === 0) localStorage.removeItem(STORED_AS);
      else localStorage.setItem(STORED_AS, JSON.stringify(requests));
    } catch {
      // Then it can be done for as long as the dialog is open.
    }
  },
};
