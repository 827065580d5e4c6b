import { Controller } from '@nestjs/common';
import {
  EndPersonSession,
  EndPersonSessions,
  FindPeople,
  LiftRestriction,
  ListPeople,
  ListPersonSessions,
  ReadPerson,
  RestrictPerson,
  RevealPerson,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { SessionsService } from '../sessions/sessions.service';
import { PeopleDirectoryService } from './people-directory.service';
import { RestrictionsService } from './restrictions.service';

/** People, for staff. */
@Controller()
export class PeopleController {
  constructor(
    private readonly directory: PeopleDirectoryService,
    private readonly restrictions: RestrictionsService,
    private readonly sessions: SessionsService,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ListPeople)
  async list(request: RequestOf<typeof ListPeople>): Promise<AnswerOf<typeof ListPeople>> {
    const { query, actor } = request;
    const rows = await this.directory.list(actor, query, this.cursors.position(request), query.limit + 1);
    return this.cursors.page(request, rows, ({ registeredAt, userId }) => [registeredAt.toISOString(), userId]);
  }

  @Implements(FindPeople)
  async find({ body, actor }: RequestOf<typeof FindPeople>): Promise<AnswerOf<typeof FindPeople>> {
    return { people: await this.directory.find(actor, body) };
  }

  @Implements(ReadPerson)
  read({ params, actor }: RequestOf<typeof ReadPerson>): Promise<AnswerOf<typeof ReadPerson>> {
    return this.directory.read(actor, params.userId);
  }

  @Implements(RevealPerson)
  reveal({ params, actor, reason }: RequestOf<typeof RevealPerson>): Promise<AnswerOf<typeof RevealPerson>> {
    return this.directory.reveal(actor, params.userId, reason);
  }

  @Implements(ListPersonSessions)
  async listSessions({
    params,
    actor,
  }: RequestOf<typeof ListPersonSessions>): Promise<AnswerOf<typeof ListPersonSessions>> {
    await this.directory.assertSeen(actor, params.userId);
    const sessions = await this.sessions.list('person', params.userId);
    return { data: sessions.map(({ id: sessionId, ...session }) => ({ ...session, sessionId })) };
  }

  @Implements(EndPersonSession)
  async endSession({ params, actor }: RequestOf<typeof EndPersonSession>): Promise<void> {
    await this.directory.assertSeen(actor, params.userId);
    await this.sessions.end('person', params.userId, params.sessionId);
  }

  @Implements(EndPersonSessions)
  async endSessions({ params, actor }: RequestOf<typeof EndPersonSessions>): Promise<void> {
    await this.directory.assertSeen(actor, params.userId);
    await this.sessions.endAllNow('person', params.userId);
  }

  @Implements(RestrictPerson)
  async restrict(
    { params, body, actor }: RequestOf<typeof RestrictPerson>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof RestrictPerson>> {
    await this.directory.assertSeen(actor, params.userId, body.botId);
    return this.restrictions.impose(tx, actor, params.userId, body);
  }

  @Implements(LiftRestriction)
  async lift({ params, body, actor }: RequestOf<typeof LiftRestriction>): Promise<AnswerOf<typeof LiftRestriction>> {
    await this.directory.assertSeen(actor, params.userId);
    return this.restrictions.lift(actor, params, body.reason);
  }
}
