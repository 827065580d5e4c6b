import { Controller } from '@nestjs/common';
import {
  BeginLinking,
  BeginSignIn,
  CompleteSignIn,
  CreateSignInLink,
  LinkEmail,
  LinkIdentity,
  LinkSupabase,
  ListSignInMethods,
  RedeemSignInLink,
  SendLinkingEmail,
  SendSignInEmail,
  SignInFromSupabase,
  SignInFromWebApp,
} from '@switchboard/contracts';
import { type AnswerOf, DomainError, Implements, type RequestOf } from '@switchboard/service-kit';
import { personOf } from '../people/people.service';
import { ProofOfWorkService } from '../proof-of-work/proof-of-work.service';
import { SignInLinksService } from './sign-in-links.service';
import { SignInService } from './sign-in.service';
import { SupabaseSignInService } from './supabase-sign-in.service';
import { WebAppSignInService } from './web-app-sign-in.service';

/** Whoever may do everything may still not become anybody: only a service makes such links, for the person it talks to. */
class ServicesOnly extends DomainError {
  constructor() {
    super('gateway.services_only', 'Only services ask for this', 403);
  }
}

@Controller()
export class SignInController {
  constructor(
    private readonly signIn: SignInService,
    private readonly links: SignInLinksService,
    private readonly webApps: WebAppSignInService,
    private readonly supabase: SupabaseSignInService,
    private readonly proofOfWork: ProofOfWorkService,
  ) {}

  @Implements(ListSignInMethods)
  methods(): AnswerOf<typeof ListSignInMethods> {
    return this.signIn.methods();
  }

  @Implements(BeginSignIn)
  begin({ http, body }: RequestOf<typeof BeginSignIn>): Promise<AnswerOf<typeof BeginSignIn>> {
    return this.signIn.begin(http, body);
  }

  @Implements(CompleteSignIn)
  complete({ http, body }: RequestOf<typeof CompleteSignIn>): Promise<AnswerOf<typeof CompleteSignIn>> {
    return this.signIn.complete(http, body, body);
  }

  @Implements(SendSignInEmail)
  async sendEmail({ http, headers, body }: RequestOf<typeof SendSignInEmail>): Promise<void> {
    // Nobody computes for what there is not.
    this.links.assertOffered();
    await this.proofOfWork.demand(headers['x-proof-of-work']);
    return this.links.sendEmail(http, body);
  }

  @Implements(RedeemSignInLink)
  redeem({ http, body }: RequestOf<typeof RedeemSignInLink>): Promise<AnswerOf<typeof RedeemSignInLink>> {
    return this.links.redeem(http, body.link, body);
  }

  @Implements(CreateSignInLink)
  create({ actor, body }: RequestOf<typeof CreateSignInLink>): Promise<AnswerOf<typeof CreateSignInLink>> {
    if (actor.kind !== 'service') throw new ServicesOnly();
    return this.links.createForBot(body.userId, body.returnTo);
  }

  @Implements(SignInFromWebApp)
  fromWebApp({ http, body }: RequestOf<typeof SignInFromWebApp>): Promise<AnswerOf<typeof SignInFromWebApp>> {
    return this.webApps.begin(http, body);
  }

  @Implements(SignInFromSupabase)
  fromSupabase({ http, body }: RequestOf<typeof SignInFromSupabase>): Promise<AnswerOf<typeof SignInFromSupabase>> {
    return this.supabase.begin(http, body.accessToken, body);
  }

  @Implements(LinkSupabase)
  linkSupabase({ actor, body }: RequestOf<typeof LinkSupabase>): Promise<AnswerOf<typeof LinkSupabase>> {
    return this.supabase.link(personOf(actor), body.accessToken);
  }

  @Implements(BeginLinking)
  beginLinking({ actor, http, body }: RequestOf<typeof BeginLinking>): Promise<AnswerOf<typeof BeginLinking>> {
    return this.signIn.begin(http, { ...body, linkTo: personOf(actor) });
  }

  @Implements(LinkIdentity)
  link({ actor, http, body }: RequestOf<typeof LinkIdentity>): Promise<AnswerOf<typeof LinkIdentity>> {
    return this.signIn.link(http, personOf(actor), body);
  }

  @Implements(SendLinkingEmail)
  sendLinkingEmail({ actor, http, body }: RequestOf<typeof SendLinkingEmail>): Promise<void> {
    return this.links.sendEmail(http, { ...body, linkTo: personOf(actor) });
  }

  @Implements(LinkEmail)
  linkEmail({ actor, http, body }: RequestOf<typeof LinkEmail>): Promise<AnswerOf<typeof LinkEmail>> {
    return this.links.linkEmail(http, personOf(actor), body.link);
  }
}
