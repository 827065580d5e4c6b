import { Controller } from '@nestjs/common';
import { RefreshTokens, RevokeTokens } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { AppSessionsService } from './app-sessions.service';

@Controller()
export class TokensController {
  constructor(private readonly sessions: AppSessionsService) {}

  @Implements(RefreshTokens)
  refresh({ http, body }: RequestOf<typeof RefreshTokens>): Promise<AnswerOf<typeof RefreshTokens>> {
    return this.sessions.refresh(http.request, body.refreshToken);
  }

  @Implements(RevokeTokens)
  revoke({ body }: RequestOf<typeof RevokeTokens>): Promise<void> {
    return this.sessions.revoke(body.refreshToken);
  }
}
