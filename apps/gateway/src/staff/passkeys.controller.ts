import { Controller } from '@nestjs/common';
import {
  AddPasskey,
  BeginPasskey,
  BeginPasskeyProof,
  BeginPasskeySignIn,
  ListPasskeys,
  ProveWithPasskey,
  RemovePasskey,
  RenamePasskey,
  SignInWithPasskey,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { PasskeysService } from './passkeys.service';
import { StaffSignInService } from './staff-sign-in.service';

@Controller()
export class PasskeysController {
  constructor(
    private readonly signIn: StaffSignInService,
    private readonly passkeys: PasskeysService,
  ) {}

  @Implements(BeginPasskeySignIn)
  begin({ body }: RequestOf<typeof BeginPasskeySignIn>): Promise<AnswerOf<typeof BeginPasskeySignIn>> {
    return this.signIn.beginPasskey(body.ticket);
  }

  @Implements(SignInWithPasskey)
  async signInWith({ body, http }: RequestOf<typeof SignInWithPasskey>): Promise<void> {
    await this.signIn.withPasskey(http, body);
  }

  @Implements(BeginPasskeyProof)
  beginProof({ actor }: RequestOf<typeof BeginPasskeyProof>): Promise<AnswerOf<typeof BeginPasskeyProof>> {
    return this.passkeys.challenge(actor.id);
  }

  @Implements(ProveWithPasskey)
  prove({ body, actor, http }: RequestOf<typeof ProveWithPasskey>): Promise<void> {
    return this.signIn.proveWithPasskey(http, actor.id, body);
  }

  @Implements(ListPasskeys)
  async list({ actor }: RequestOf<typeof ListPasskeys>): Promise<AnswerOf<typeof ListPasskeys>> {
    return { data: await this.passkeys.list(actor.id) };
  }

  @Implements(BeginPasskey)
  beginRegistration({ actor }: RequestOf<typeof BeginPasskey>): Promise<AnswerOf<typeof BeginPasskey>> {
    return this.passkeys.beginRegistration(actor.id);
  }

  @Implements(AddPasskey)
  add({ body, actor }: RequestOf<typeof AddPasskey>): Promise<AnswerOf<typeof AddPasskey>> {
    return this.passkeys.register(actor.id, body);
  }

  @Implements(RenamePasskey)
  rename({ params, body, actor }: RequestOf<typeof RenamePasskey>): Promise<AnswerOf<typeof RenamePasskey>> {
    return this.passkeys.rename(actor.id, params.passkeyId, body.name);
  }

  @Implements(RemovePasskey)
  remove({ params, actor }: RequestOf<typeof RemovePasskey>): Promise<void> {
    return this.passkeys.remove(actor.id, params.passkeyId);
  }
}
