import type { AuditAction, RouteDefinition } from '@switchboard/contracts';

export interface AuditParty {
  /** staff, key, person, service, or anonymous where nobody was recognised. */
  readonly kind: string;
  /** Of a person the user id. */
  readonly id: string;
}

/** What is to be noted: who did what, to what, and how it ended. */
export interface AuditEntry {
  readonly actor: AuditParty & {
    readonly label?: string | undefined;
    readonly roles?: readonly string[] | undefined;
    /** How they have proven who they are. Source: RFC 8176. */
    readonly amr?: readonly string[] | undefined;
    /** IP address; a digest of it is kept. */
    readonly address?: string | undefined;
    /** Kind of browser or program: `Firefox on Linux`. */
    readonly client?: string | undefined;
  };
  readonly onBehalfOf?: AuditParty | undefined;
  /** The id of the route that asks for it, or the name of what happens without one. */
  readonly action: AuditAction;
  readonly resource: { readonly type: string; readonly id: string };
  /** The person who is concerned. */
  readonly userId?: string | undefined;
  readonly botId?: string | undefined;
  /** The resource as it was and as it is: the difference is kept. */
  readonly before?: object | undefined;
  readonly after?: object | undefined;
  /** JSON pointers into both: of these values digests are kept. */
  readonly personalFields?: readonly string[] | undefined;
  /** What else is worth knowing, such as the parameters of a request. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly reason?: string | undefined;
  readonly approvalId?: string | undefined;
  readonly requestId?: string | undefined;
  /** done, denied or failed; `begun` before something that may end without a word. */
  readonly result: string;
  /** It concerns money: kept for seven years in place of two. */
  readonly money?: boolean | undefined;
  /** Default: now. */
  readonly at?: Date | undefined;
}

/** What there is to say of an act that was done, besides by whom and which. */
export type AuditFacts = Omit<AuditEntry, 'actor' | 'action' | 'result'>;

/** A route of the gateway whose entry is written with what it does. */
export type AuditedRoute = Pick<RouteDefinition, 'id'> & { readonly audit: 'with-change' };

/** Done, denied or failed: what a route asks for has one name in the log. */
export const actionOf = ({ id }: Pick<RouteDefinition, 'id'>): AuditAction => id as AuditAction;
