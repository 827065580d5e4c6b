import { moved, TICKET_MOVES, type TicketMove, type TicketState } from './ticket.states';

const STATES: TicketState[] = ['open', 'waiting', 'snoozed', 'closed'];
const MOVES = Object.keys(TICKET_MOVES) as TicketMove[];

describe('a ticket', () => {
  it('comes to every state from its beginning, and is changed by nothing once it is closed', () => {
    const reached = new Set<TicketState>(['open']);
    for (const state of reached) {
      for (const move of MOVES) {
        const next = moved(state, move);
        if (next) reached.add(next);
      }
    }
    expect([...reached].sort()).toEqual(STATES.toSorted());
    expect(MOVES.filter((move) => moved('closed', move))).toEqual([]);
  });

  it.each([
    ['the person writes', 'written', 'open'],
    ['staff answer', 'answered', 'waiting'],
    ['it is closed', 'closed', 'closed'],
  ] as const)('is the same whatever it was when %s', (_, move, next) => {
    expect(['open', 'waiting', 'snoozed'].map((state) => moved(state as TicketState, move))).toEqual([
      next,
      next,
      next,
    ]);
  });

  it('is woken from being put aside alone', () => {
    expect(STATES.filter((state) => moved(state, 'woken'))).toEqual(['snoozed']);
  });
});
