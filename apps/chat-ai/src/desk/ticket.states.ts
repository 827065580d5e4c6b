/**
 * Whose turn it is.
 * - `open`: the person waits for staff
 * - `waiting`: staff wait for the person, or it is the turn of the assistant
 * - `snoozed`: nobody is reminded before a time
 */
export type TicketState = 'open' | 'waiting' | 'snoozed' | 'closed';

/** What happens to a ticket, and what it comes to from each state; from where nothing is said it is refused. */
export const TICKET_MOVES = {
  written: { open: 'open', waiting: 'open', snoozed: 'open' },
  answered: { open: 'waiting', waiting: 'waiting', snoozed: 'waiting' },
  taken: { open: 'open', waiting: 'waiting', snoozed: 'open' },
  snoozed: { open: 'snoozed', waiting: 'snoozed', snoozed: 'snoozed' },
  woken: { snoozed: 'open' },
  handedBack: { open: 'waiting', waiting: 'waiting', snoozed: 'waiting' },
  closed: { open: 'closed', waiting: 'closed', snoozed: 'closed' },
} as const satisfies Record<string, Partial<Record<TicketState, TicketState>>>;

export type TicketMove = keyof typeof TICKET_MOVES;

/** Undefined where it is refused. */
export const moved = (state: TicketState, move: TicketMove): TicketState | undefined =>
  (TICKET_MOVES[move] as Partial<Record<TicketState, TicketState>>)[state];
