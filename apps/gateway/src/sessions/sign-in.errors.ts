import { DomainError } from '@switchboard/service-kit';

/** What a browser brought back was begun too long ago, in another browser, or has been brought before. */
export class SignInExpired extends DomainError {
  constructor() {
    const texts = {
      en: 'This attempt to sign in is over. Begin anew.',
      ru: 'Эта попытка входа закончилась. Начните снова.',
    };
    super('gateway.sign_in_expired', texts, 401);
  }
}
