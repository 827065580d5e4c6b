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

let asking: { staffId: string; wait: Wait } | undefined;

/** Registers the dialog that waits with the member of staff who is signed in; answers how to take it away. */
export function onApprovalNeeded(staffId: string, wait: Wait): () => void {
  const registered = { staffId, wait };
  asking = registered;
  // Whose session has ended without signing out may have left something here.
  waitingRequests.all(staffId);
  return () => {
    if (asking === registered) asking = undefined;
  };
}

/** `fetch`, which sends what needs a second person's approval once more when it was given. */
export const fetchWithApproval: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const again = request.clone();
  const response = await fetchWithStepUp(request);
  if (!asking) return response;
  const { staffId, wait } = asking;
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
  waitingRequests.keep(staffId, waiting);
  return (await wait(waiting)) ? sendApproved(staffId, waiting) : response;
};

/** Does what was approved. The same may be sent again: it is done once. */
export async function sendApproved(
  staffId: string,
  { approvalId, method, url, headers, body }: WaitingRequest,
): Promise<Response> {
  const response = await fetchWithStepUp(url, {
    method,
    headers: { ...headers, 'x-approval': approvalId },
    body: body || undefined,
  });
  // Whatever else refuses it, it is still approved, and may be sent again.
  if (response.ok || (await refusedWith('approval_unusable', response))) waitingRequests.forget(staffId, approvalId);
  return response;
}

type StoredRequest = WaitingRequest & { readonly staffId: string };

const STORED_AS = 'switchboard.waiting-requests';

/**
 * What waits for somebody else, kept by this browser until it is done or its time is over: they may agree tomorrow, and the server
 * knows what was asked for but does not do it by itself. There may be names and addresses in it: it is read for the member of staff
 * who has asked, and goes as soon as it is read for another.
 */
export const waitingRequests = {
  all(staffId: string): StoredRequest[] {
    const stored = read();
    const own = stored.filter((one) => one.staffId === staffId && Date.parse(one.expiresAt) > Date.now());
    if (own.length < stored.length) write(own);
    return own;
  },
  find: (staffId: string, approvalId: string): WaitingRequest | undefined =>
    waitingRequests.all(staffId).find((one) => one.approvalId === approvalId),
  keep(staffId: string, request: WaitingRequest): void {
    write([...without(staffId, request.approvalId), { ...request, staffId }]);
  },
  forget(staffId: string, approvalId: string): void {
    write(without(staffId, approvalId));
  },
  /** Staff who sign out leave nothing behind. */
  clear(): void {
    write([]);
  },
};

const without = (staffId: string, approvalId: string): StoredRequest[] =>
  waitingRequests.all(staffId).filter((one) => one.approvalId !== approvalId);

function read(): StoredRequest[] {
  try {
    return JSON.parse(localStorage.getItem(STORED_AS) ?? '[]') as StoredRequest[];
  } catch {
    return []; // Storage may be forbidden, or hold what an older version wrote.
  }
}

function write(requests: readonly StoredRequest[]): void {
  try {
    if (requests.length === 0) localStorage.removeItem(STORED_AS);
    else localStorage.setItem(STORED_AS, JSON.stringify(requests));
  } catch {
    // Then it can be done for as long as the dialog is open.
  }
}
