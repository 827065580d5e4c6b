import { Controller } from '@nestjs/common';
import { BeginSso, CompleteSso, EndSsoSessions, ListStaffSignInMethods } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { SsoLogoutService } from './sso-logout.service';
import { SsoService } from './sso.service';

/** Single sign-on of staff: there, back again, and the logout that the provider tells of. */
@Controller()
export class SsoController {
  constructor(
    private readonly sso: SsoService,
    private readonly logout: SsoLogoutService,
  ) {}

  @Implements(ListStaffSignInMethods)
  methods(): AnswerOf<typeof ListStaffSignInMethods> {
    const { name } = this.sso;
    return { sso: name === undefined ? null : { name } };
  }

  @Implements(BeginSso)
  begin({ http, body }: RequestOf<typeof BeginSso>): Promise<AnswerOf<typeof BeginSso>> {
    return this.sso.begin(http, body);
  }

  @Implements(CompleteSso)
  complete({ http, body }: RequestOf<typeof CompleteSso>): Promise<AnswerOf<typeof CompleteSso>> {
    return this.sso.complete(http, body);
  }

  @Implements(EndSsoSessions)
  async end({ body }: RequestOf<typeof EndSsoSessions>): Promise<AnswerOf<typeof EndSsoSessions>> {
    return { ended: await this.logout.end(body.logout_token) };
  }
}
