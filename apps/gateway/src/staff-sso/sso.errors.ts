import { DomainError } from '@switchboard/service-kit';

export class SsoNotOffered extends DomainError {
  constructor() {
    super('gateway.sso_not_offered', { en: 'There is no single sign-on here.', ru: 'Единого входа здесь нет.' }, 404);
  }
}

/** Who it is was proven, and that is not enough. */
export class SsoNoAccess extends DomainError {
  constructor() {
    super(
      'gateway.sso_no_access',
      {
        en: 'You have no access here. Ask an administrator for an invitation or a role.',
        ru: 'У вас нет доступа. Попросите администратора пригласить вас или выдать роль.',
      },
      403,
    );
  }
}

/** It is not known what they may do, and what they could do stays. */
export class SsoGroupsLeftOut extends DomainError {
  constructor() {
    super(
      'gateway.sso_groups_left_out',
      {
        en: 'You are in so many groups that your provider leaves them out. Ask whoever runs it to send app roles instead.',
        ru: 'Вы состоите в стольких группах, что провайдер их не передаёт. Попросите его администратора передавать роли приложения.',
      },
      403,
    );
  }
}

/** OpenID Connect Back-Channel Logout 1.0, §2.6: what exactly did not fit is in the log alone. */
export class LogoutTokenRefused extends DomainError {
  constructor() {
    super(
      'gateway.logout_token_refused',
      { en: 'This is no logout token for this site.', ru: 'Это не токен выхода для этого сайта.' },
      400,
    );
  }
}
