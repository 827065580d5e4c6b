import { Consumer, OnSignal } from '@switchboard/bus';
import { AccessChanged, type SignalOf } from '@switchboard/contracts';
import { SessionsService } from '../sessions/sessions.service';
import { PrincipalsService } from './principals.service';

@Consumer('access')
export class AccessHandlers {
  constructor(
    private readonly sessions: SessionsService,
    private readonly principals: PrincipalsService,
  ) {}

  @OnSignal(AccessChanged)
  forget({ subjectId }: SignalOf<typeof AccessChanged>): void {
    this.sessions.forget(subjectId);
    this.principals.forget(subjectId);
  }
}
