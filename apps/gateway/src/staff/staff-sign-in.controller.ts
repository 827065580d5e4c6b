import { Controller } from '@nestjs/common';
import {
  AcceptInvitation,
  BeginTotp,
  ChangePassword,
  ConfirmTotp,
  EndStaffSession,
  ProveAgain,
  ReadAccount,
  ReadInvitation,
  RenewRecoveryCodes,
  SignInWithCode,
  SignInWithPassword,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { SessionsService } from '../sessions/sessions.service';
import { StaffSignInService } from './staff-sign-in.service';
import { shown } from './staff.controller';
import { SessionNotFound } from './staff.errors';
import { StaffService } from './staff.service';

/** How members of staff come in, prove once more who they are, and change their password. */
@Controller()
export class StaffSignInController {
  constructor(
    private readonly signIn: StaffSignInService,
    private readonly staff: StaffService,
    private readonly sessions: SessionsService,
  ) {}

  @Implements(SignInWithPassword)
  password({
    headers,
    body,
    http,
  }: RequestOf<typeof SignInWithPassword>): Promise<AnswerOf<typeof SignInWithPassword>> {
    return this.signIn.withPassword(http, body.email, body.password, headers['x-proof-of-work']);
  }

  @Implements(ReadInvitation)
  readInvitation({ body }: RequestOf<typeof ReadInvitation>): Promise<AnswerOf<typeof ReadInvitation>> {
    return this.signIn.readInvitation(body.token);
  }

  @Implements(AcceptInvitation)
  accept({ body }: RequestOf<typeof AcceptInvitation>): Promise<AnswerOf<typeof AcceptInvitation>> {
    return this.signIn.acceptInvitation(body);
  }

  @Implements(BeginTotp)
  beginTotp({ body }: RequestOf<typeof BeginTotp>): Promise<AnswerOf<typeof BeginTotp>> {
    return this.signIn.beginTotp(body.ticket);
  }

  @Implements(ConfirmTotp)
  async confirmTotp({ body, http }: RequestOf<typeof ConfirmTotp>): Promise<AnswerOf<typeof ConfirmTotp>> {
    return { recoveryCodes: await this.signIn.confirmTotp(http, body.ticket, body.first, body.second) };
  }

  @Implements(SignInWithCode)
  async code({ body, http }: RequestOf<typeof SignInWithCode>): Promise<AnswerOf<typeof SignInWithCode>> {
    return { recoveryCodesLeft: await this.signIn.withCode(http, body.ticket, body.code) };
  }

  @Implements(ProveAgain)
  prove({ body, actor, http }: RequestOf<typeof ProveAgain>): Promise<void> {
    return this.signIn.proveAgain(http, actor.id, body);
  }

  @Implements(ReadAccount)
  async account({ actor, http }: RequestOf<typeof ReadAccount>): Promise<AnswerOf<typeof ReadAccount>> {
    const present = await this.sessions.find(http.request, 'staff');
    const sessions = await this.sessions.list('staff', actor.id);
    return {
      member: shown(await this.staff.read(actor.id)),
      recoveryCodesLeft: await this.signIn.recoveryCodesLeft(actor.id),
      sessions: sessions.map(({ id, device, createdAt, seenAt }) => ({
        ...{ id, device, createdAt, seenAt },
        isThis: id === present?.id,
      })),
    };
  }

  @Implements(EndStaffSession)
  async endSession({ params, actor }: RequestOf<typeof EndStaffSession>): Promise<void> {
    if (!(await this.sessions.end('staff', actor.id, params.sessionId))) throw new SessionNotFound();
  }

  @Implements(ChangePassword)
  changePassword({ body, actor, http }: RequestOf<typeof ChangePassword>): Promise<void> {
    return this.signIn.changePassword(http, actor.id, body.password);
  }

  @Implements(RenewRecoveryCodes)
  async renew({ actor }: RequestOf<typeof RenewRecoveryCodes>): Promise<AnswerOf<typeof RenewRecoveryCodes>> {
    return { recoveryCodes: await this.signIn.renewRecoveryCodes(actor.id) };
  }
}
