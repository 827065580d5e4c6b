import { Controller } from '@nestjs/common';
import { ReadSession, SignOut } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { SessionsService } from '../sessions/sessions.service';
import type { Principal } from './principal';
import { PrincipalsService } from './principals.service';

@Controller()
export class SessionController {
  constructor(
    private readonly principals: PrincipalsService,
    private readonly sessions: SessionsService,
  ) {}

  @Implements(ReadSession)
  async read({ http }: RequestOf<typeof ReadSession>): Promise<AnswerOf<typeof ReadSession>> {
    const principals = await this.principals.identify({ headers: { cookie: http.request.headers.cookie } }, '');
    const of = (kind: Principal['kind']) => signedIn(principals.find((principal) => principal.kind === kind));
    return { staff: of('staff'), person: of('person') };
  }

  @Implements(SignOut)
  async end({ params, http }: RequestOf<typeof SignOut>): Promise<void> {
    await this.sessions.endOf(http, params.kind);
  }
}

function signedIn(principal: Principal | undefined): AnswerOf<typeof ReadSession>['staff'] {
  if (!principal?.session) return null;
  const { id, roles, grants, amr, session } = principal;
  const scopesOf = (botId: string | null) => [
    ...new Set(grants.filter((grant) => grant.botId === botId).flatMap(({ scopes }) => scopes)),
  ];
  const bots = [...new Set(grants.flatMap(({ botId }) => botId ?? []))];
  return {
    ...{ id, roles: [...roles], scopes: scopesOf(null), amr: [...amr], provenAt: session.provenAt },
    bots: bots.map((botId) => ({ botId, scopes: scopesOf(botId) })),
  };
}
