import { Controller } from '@nestjs/common';
import {
  ChangeMe,
  EndMyOtherSessions,
  EndMySession,
  GiveConsent,
  ListMyConsents,
  ListMyIdentities,
  ListMySessions,
  ReadMe,
  UnlinkMyIdentity,
  WithdrawConsent,
} from '@switchboard/contracts';
import { type AnswerOf, asActor, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { SessionsService } from '../sessions/sessions.service';
import { ConsentsService } from './consents.service';
import { IdentitiesService } from './identities.service';
import { PeopleService, personOf } from './people.service';

/** A person's own area. */
@Controller()
export class MeController {
  constructor(
    private readonly db: DataSource,
    private readonly people: PeopleService,
    private readonly identities: IdentitiesService,
    private readonly consents: ConsentsService,
    private readonly sessions: SessionsService,
  ) {}

  @Implements(ReadMe)
  readMe({ actor }: RequestOf<typeof ReadMe>): Promise<AnswerOf<typeof ReadMe>> {
    const userId = personOf(actor);
    return asActor(this.db, actor, (tx) => this.people.read(tx, userId));
  }

  @Implements(ChangeMe)
  changeMe({ actor, body, ifMatch }: RequestOf<typeof ChangeMe>): Promise<AnswerOf<typeof ChangeMe>> {
    const userId = personOf(actor);
    return asActor(this.db, actor, (tx) => this.people.change(tx, userId, body, ifMatch));
  }

  @Implements(ListMyIdentities)
  async listIdentities({ actor }: RequestOf<typeof ListMyIdentities>): Promise<AnswerOf<typeof ListMyIdentities>> {
    const userId = personOf(actor);
    return { data: await asActor(this.db, actor, (tx) => this.identities.list(tx, userId)) };
  }

  @Implements(UnlinkMyIdentity)
  unlinkIdentity({ actor, params }: RequestOf<typeof UnlinkMyIdentity>): Promise<void> {
    const userId = personOf(actor);
    return asActor(this.db, actor, (tx) => this.identities.unlink(tx, userId, params.identityId));
  }

  @Implements(ListMyConsents)
  async listConsents({ actor }: RequestOf<typeof ListMyConsents>): Promise<AnswerOf<typeof ListMyConsents>> {
    const userId = personOf(actor);
    return { data: await asActor(this.db, actor, (tx) => this.consents.list(tx, userId)) };
  }

  @Implements(GiveConsent)
  giveConsent({ actor, params, body }: RequestOf<typeof GiveConsent>): Promise<AnswerOf<typeof GiveConsent>> {
    const userId = personOf(actor);
    const consent = { ...params, ...body, source: 'web' };
    return asActor(this.db, actor, (tx) => this.consents.give(tx, userId, consent));
  }

  @Implements(WithdrawConsent)
  withdrawConsent({ actor, params }: RequestOf<typeof WithdrawConsent>): Promise<void> {
    const userId = personOf(actor);
    return asActor(this.db, actor, (tx) => this.consents.withdraw(tx, userId, params.purpose));
  }

  @Implements(ListMySessions)
  async listSessions({ actor, http }: RequestOf<typeof ListMySessions>): Promise<AnswerOf<typeof ListMySessions>> {
    const current = await this.sessions.find(http.request, 'person');
    const sessions = await this.sessions.list('person', personOf(actor));
    return {
      data: sessions.map(({ id, ...session }) => ({ ...session, sessionId: id, isCurrent: id === current?.id })),
    };
  }

  @Implements(EndMySession)
  async endSession({ actor, params }: RequestOf<typeof EndMySession>): Promise<void> {
    await this.sessions.end('person', personOf(actor), params.sessionId);
  }

  @Implements(EndMyOtherSessions)
  async endOtherSessions({ actor, http }: RequestOf<typeof EndMyOtherSessions>): Promise<void> {
    const userId = personOf(actor);
    const current = await this.sessions.find(http.request, 'person');
    await this.sessions.endAllNow('person', userId, current?.id);
  }
}
