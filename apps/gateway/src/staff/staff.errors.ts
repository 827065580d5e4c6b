import { DomainError } from '@switchboard/service-kit';

export class StaffNotFound extends DomainError {
  constructor() {
    super('gateway.staff_not_found', { en: 'There is no such member of staff.', ru: 'Такого сотрудника нет.' }, 404);
  }
}

export class StaffExists extends DomainError {
  constructor() {
    super(
      'gateway.staff_exists',
      { en: 'Somebody with this address works here already.', ru: 'Сотрудник с таким адресом уже есть.' },
      409,
    );
  }
}

export class UnknownRole extends DomainError {
  constructor(role: string) {
    super('gateway.unknown_role', { en: `There is no role "${role}".`, ru: `Роли «${role}» нет.` }, 422, { role });
  }
}

/** Nobody makes others mightier than they are themselves. */
export class RoleBeyondOwn extends DomainError {
  constructor() {
    super(
      'gateway.role_beyond_own',
      { en: 'Only an owner gives or takes this role.', ru: 'Эту роль выдаёт и отзывает только владелец.' },
      403,
    );
  }
}

export class LastOwner extends DomainError {
  constructor() {
    super(
      'gateway.last_owner',
      { en: 'The last owner stays one.', ru: 'Последний владелец остаётся владельцем.' },
      409,
    );
  }
}

export class NotForOneself extends DomainError {
  constructor() {
    super(
      'gateway.not_for_oneself',
      { en: 'Somebody else has to do this for you.', ru: 'Это за вас должен сделать другой сотрудник.' },
      403,
    );
  }
}

export class WrongCredentials extends DomainError {
  constructor() {
    super(
      'gateway.wrong_credentials',
      { en: 'Address, password or code is wrong.', ru: 'Неверный адрес, пароль или код.' },
      401,
    );
  }
}

export class WrongCode extends DomainError {
  constructor() {
    super(
      'gateway.wrong_code',
      {
        en: 'The code is wrong or was used already. Wait for the next one.',
        ru: 'Код неверный или уже использован. Дождитесь следующего.',
      },
      401,
    );
  }
}

/** Whatever does not fit: who tries keys learns nothing. */
export class PasskeyRefused extends DomainError {
  constructor() {
    super(
      'gateway.passkey_refused',
      { en: 'This passkey does not sign you in.', ru: 'Этот ключ доступа не подходит для входа.' },
      401,
    );
  }
}

export class PasskeyUnusable extends DomainError {
  constructor() {
    super(
      'gateway.passkey_unusable',
      {
        en: 'This passkey cannot be used here: it has to be locked by a PIN or by who you are.',
        ru: 'Этот ключ доступа не подходит: он должен быть защищён PIN-кодом или биометрией.',
      },
      422,
    );
  }
}

export class TooManyPasskeys extends DomainError {
  constructor(most: number) {
    super(
      'gateway.too_many_passkeys',
      {
        en: `You have ${most} passkeys. Remove one that you do not use.`,
        ru: `У вас уже ${most} ключей доступа. Удалите ненужный.`,
      },
      409,
      { most },
    );
  }
}

export class PasskeyNotFound extends DomainError {
  constructor() {
    super('gateway.passkey_not_found', { en: 'There is no such passkey.', ru: 'Такого ключа доступа нет.' }, 404);
  }
}

export class LastWayIn extends DomainError {
  constructor() {
    super(
      'gateway.last_way_in',
      { en: 'It is the only way in which you can sign in.', ru: 'Без него вы не сможете войти.' },
      409,
    );
  }
}

export class InvitationExpired extends DomainError {
  constructor() {
    super(
      'gateway.invitation_expired',
      {
        en: 'This link was used or is too old. Ask for another.',
        ru: 'Ссылка использована или устарела. Попросите новую.',
      },
      410,
    );
  }
}

export class EmailNeeded extends DomainError {
  constructor() {
    super(
      'gateway.email_needed',
      { en: 'Give your e-mail address: you sign in with it.', ru: 'Укажите адрес почты: по нему вы будете входить.' },
      422,
    );
  }
}

export class TooManyAttempts extends DomainError {
  constructor(readonly retryAfter: number) {
    super(
      'gateway.too_many_attempts',
      {
        en: 'Too many attempts. Wait some minutes.',
        ru: 'Слишком много попыток. Подождите несколько минут.',
      },
      429,
      { retryAfter },
    );
  }
}

export class SessionNotFound extends DomainError {
  constructor() {
    super('gateway.session_not_found', { en: 'There is no such session.', ru: 'Такого сеанса нет.' }, 404);
  }
}

export class SsoRequired extends DomainError {
  constructor() {
    super(
      'gateway.sso_required',
      {
        en: 'With this address you sign in by the single sign-on of your company.',
        ru: 'С этим адресом входят через единый вход вашей компании.',
      },
      403,
    );
  }
}
