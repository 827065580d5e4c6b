import { DomainError } from '@switchboard/service-kit';

export class ApprovalNotFound extends DomainError {
  constructor() {
    super('gateway.approval_not_found', { en: 'There is no such request.', ru: 'Такого запроса нет.' }, 404);
  }
}

export class ApprovalOfOneself extends DomainError {
  constructor() {
    super(
      'gateway.approval_of_oneself',
      { en: 'You have asked for it yourself: somebody else decides.', ru: 'Это ваш запрос: решает другой сотрудник.' },
      403,
    );
  }
}

export class ApprovalBeyondOwn extends DomainError {
  constructor(permission: string) {
    super(
      'gateway.approval_beyond_own',
      { en: 'You may not do this yourself, so you do not decide.', ru: 'У вас самих нет на это права, решаете не вы.' },
      403,
      { permission },
    );
  }
}

export class ApprovalDecided extends DomainError {
  constructor(state: string) {
    super(
      'gateway.approval_decided',
      { en: 'This has been decided, withdrawn or has expired.', ru: 'Это уже решено, отозвано или просрочено.' },
      409,
      { state },
    );
  }
}
