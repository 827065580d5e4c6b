import type { Actor, FollowDesk } from '@switchboard/contracts';
import type { AnswerOf, ServerSentEvent } from '@switchboard/service-kit';
import { v7 as uuidv7 } from 'uuid';

export type DeskEvent = AnswerOf<typeof FollowDesk> extends AsyncIterable<ServerSentEvent<infer Data>> ? Data : never;

/** A member of staff who works on the desk, with all accounts or with some. */
export const aStaffMember = (bots?: string[]): Actor => ({
  ...{ kind: 'staff', id: uuidv7(), roles: ['support'], scopes: ['desk:read', 'desk:write', 'desk:manage'] },
  ...(bots && { bots }),
});
