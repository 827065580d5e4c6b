import { backupProblems } from './gateway.backups.problems';
import type { ProblemText } from './problem-text';

export const gatewayProblems: Readonly<Record<string, ProblemText>> = {
  ...backupProblems,
  'gateway.approval_beyond_own': {
    en: 'You may not do yourself what is to be approved.',
    ru: 'Вы не можете сами сделать то, что нужно одобрить.',
    todo: { en: 'Leave it to somebody who may.', ru: 'Оставьте решение тому, кто может.' },
  },
  'gateway.approval_decided': {
    en: 'The request for approval was decided already.',
    ru: 'По этому запросу уже решено.',
  },
  'gateway.approval_not_found': {
    en: 'There is no such request for approval.',
    ru: 'Такого запроса на одобрение нет.',
  },
  'gateway.approval_of_oneself': {
    en: 'Nobody approves what they asked for themselves.',
    ru: 'Никто не одобряет собственный запрос.',
    todo: { en: 'Ask a colleague.', ru: 'Попросите коллегу.' },
  },
  'gateway.audit_entry_not_found': {
    en: 'There is no such entry of the audit log.',
    ru: 'Такой записи в журнале аудита нет.',
  },
  'gateway.audit_entry_unsigned': {
    en: 'The entry is so new that no signed root covers it.',
    ru: 'Запись так нова, что ещё не подписана.',
    todo: { en: 'Ask for the proof in ten minutes.', ru: 'Запросите доказательство через десять минут.' },
  },
  'gateway.audit_period_not_over': {
    en: 'The period of an export has to be over.',
    ru: 'Период выгрузки должен быть уже завершён.',
    todo: { en: 'Name an end that is not in the future.', ru: 'Укажите конец не позже настоящего момента.' },
  },
  'gateway.audit_verification_not_found': { en: 'There is no such verification.', ru: 'Такой проверки нет.' },
  'gateway.bot_archived': {
    en: 'The bot is archived.',
    ru: 'Бот в архиве.',
    todo: { en: 'Restore it first.', ru: 'Сначала верните его из архива.' },
  },
  'gateway.bot_changed': {
    en: 'Somebody changed the bot since you saw it.',
    ru: 'С тех пор, как вы его видели, бота изменили.',
    todo: {
      en: '`params.bot` is the bot as it is now: apply your change to it and send its revision.',
      ru: '`params.bot` — бот, каков он сейчас: внесите изменение в него и отправьте его ревизию.',
    },
  },
  'gateway.bot_described_by_file': {
    en: 'A file of the server describes this bot.',
    ru: 'Этого бота описывает файл на сервере.',
    todo: { en: 'Change the file, or take the bot over.', ru: 'Измените файл или примите бота в консоль.' },
  },
  'gateway.bot_exists': {
    en: 'A bot has this id already.',
    ru: 'Бот с таким идентификатором уже есть.',
    todo: { en: 'Choose another id.', ru: 'Выберите другой идентификатор.' },
  },
  'gateway.bot_not_found': { en: 'There is no such bot.', ru: 'Такого бота нет.' },
  'gateway.bot_revision_not_found': { en: 'The bot has no such revision.', ru: 'У бота нет такой ревизии.' },
  'gateway.bot_unchecked': {
    en: 'A service that uses the bot did not answer, so it cannot be checked now.',
    ru: 'Сервис, который использует бота, не ответил, поэтому проверить его сейчас нельзя.',
  },
  'gateway.channel_already_linked': {
    en: 'You have an identity of this channel already.',
    ru: 'У вас уже есть учётная запись этого канала.',
    todo: { en: 'Unlink it first.', ru: 'Сначала отвяжите её.' },
  },
  'gateway.demo_refused': {
    en: 'There is no demo company in production.',
    ru: 'В рабочей установке нет демонстрационной компании.',
  },
  'gateway.email_needed': {
    en: 'The first owner has to give an e-mail address and a name.',
    ru: 'Первому владельцу нужно указать почту и имя.',
  },
  'gateway.email_not_offered': { en: 'Nobody signs in by e-mail here.', ru: 'Вход по почте здесь не предлагается.' },
  'gateway.identity_in_use': {
    en: 'You talk to a bot by this identity.',
    ru: 'Через эту учётную запись вы говорите с ботом.',
    todo: {
      en: 'It goes with an erasure only: `/privacy` in the bot.',
      ru: 'Она удаляется только вместе со всеми данными: `/privacy` в боте.',
    },
  },
  'gateway.identity_not_found': { en: 'There is no such identity.', ru: 'Такой учётной записи нет.' },
  'gateway.identity_of_another_person': {
    en: 'This identity belongs to another account here.',
    ru: 'Эта учётная запись принадлежит другому человеку.',
    todo: { en: 'Sign in with it, and unlink it there.', ru: 'Войдите с ней и отвяжите её там.' },
  },
  'gateway.invitation_expired': { en: 'The link was used, or is too old.', ru: 'Ссылка использована или устарела.' },
  'gateway.key_not_found': { en: 'There is no such key.', ru: 'Такого ключа нет.' },
  'gateway.key_replaced': {
    en: 'The key has been replaced already, and ends soon.',
    ru: 'Ключ уже заменён и скоро перестанет действовать.',
    todo: { en: 'Replace its successor instead.', ru: 'Замените тот, что выпущен вместо него.' },
  },
  'gateway.last_identity': {
    en: 'It is the only one by which you can sign in.',
    ru: 'По ней одной вы можете войти.',
    todo: { en: 'Link another one first.', ru: 'Сначала привяжите другую.' },
  },
  'gateway.last_owner': {
    en: 'The last owner stays one.',
    ru: 'Последний владелец остаётся владельцем.',
    todo: { en: 'Make somebody else an owner first.', ru: 'Сначала назначьте другого владельца.' },
  },
  'gateway.last_way_in': {
    en: 'It is the only way in which you can sign in.',
    ru: 'Без него вы не сможете войти.',
    todo: { en: 'Add another one first.', ru: 'Сначала добавьте другой способ.' },
  },
  'gateway.logout_token_refused': {
    en: 'This is no logout token for this site.',
    ru: 'Это не токен выхода для этого сайта.',
    todo: {
      en: 'Only the single sign-on of the company calls this address: compare its issuer and client id with the settings here.',
      ru: 'Этот адрес вызывает только единый вход компании: сверьте его издателя и идентификатор клиента с настройками.',
    },
  },
  'gateway.not_for_oneself': {
    en: 'Nobody does this to themselves.',
    ru: 'С самим собой этого не делают.',
    todo: { en: 'Ask a colleague.', ru: 'Попросите коллегу.' },
  },
  'gateway.passkey_not_found': { en: 'There is no such passkey.', ru: 'Такого ключа доступа нет.' },
  'gateway.passkey_refused': {
    en: 'This passkey does not sign you in.',
    ru: 'Этот ключ доступа не подходит для входа.',
  },
  'gateway.passkey_unusable': {
    en: 'A passkey has to be locked by a PIN or by who you are.',
    ru: 'Ключ доступа должен быть защищён PIN-кодом или биометрией.',
  },
  'gateway.persons_only': {
    en: 'This is the area of a person: staff and keys have none.',
    ru: 'Это личный кабинет человека: у сотрудников и ключей его нет.',
  },
  'gateway.proof_of_work_needed': {
    en: 'A proof of work is needed, so that nobody does this a million times.',
    ru: 'Нужно доказательство работы, чтобы никто не делал этого миллион раз.',
    todo: {
      en: 'Solve a challenge of `POST /v1/proof-of-work/challenges`, and send it as `X-Proof-Of-Work`. It counts once, for five minutes.',
      ru: 'Решите задачу из `POST /v1/proof-of-work/challenges` и пришлите ответ в `X-Proof-Of-Work`. Он засчитывается один раз в течение пяти минут.',
    },
  },
  'gateway.provider_unavailable': {
    en: 'The provider of the sign-in does not answer.',
    ru: 'Сервис входа не отвечает.',
  },
  'gateway.provider_unknown': {
    en: 'Nobody signs in with that here.',
    ru: 'С этим сервисом здесь не входят.',
    todo: { en: 'Choose one of those that are offered.', ru: 'Выберите один из предложенных.' },
  },
  'gateway.refresh_refused': {
    en: 'The refresh token was used, is unknown, or its session has ended.',
    ru: 'Токен обновления использован, неизвестен, или сеанс завершён.',
    todo: { en: 'Sign in once more.', ru: 'Войдите ещё раз.' },
  },
  'gateway.restriction_beyond_own': {
    en: 'You may restrict people for a shorter time only.',
    ru: 'Вы можете ограничить человека только на меньший срок.',
  },
  'gateway.restriction_not_found': { en: 'There is no such restriction.', ru: 'Такого ограничения нет.' },
  'gateway.restriction_over': { en: 'The restriction would be over already.', ru: 'Этот срок уже прошёл.' },
  'gateway.role_beyond_own': {
    en: 'You may not give or take this role.',
    ru: 'Вы не можете выдать или снять эту роль.',
  },
  'gateway.scope_beyond_own': {
    en: 'Nobody gives a key a right that they do not have.',
    ru: 'Нельзя выдать ключу право, которого нет у вас.',
    todo: { en: '`params.scope` names the right.', ru: 'Право названо в `params.scope`.' },
  },
  'gateway.services_only': { en: 'Only services ask for this.', ru: 'Это запрашивают только сервисы.' },
  'gateway.session_not_found': { en: 'There is no such session.', ru: 'Такого сеанса нет.' },
  'gateway.sign_in_declined': {
    en: 'The sign-in was declined at the provider.',
    ru: 'Вход отклонён на стороне сервиса.',
    todo: { en: 'Begin anew and agree there.', ru: 'Начните снова и согласитесь.' },
  },
  'gateway.sign_in_expired': {
    en: 'This attempt to sign in is over.',
    ru: 'Эта попытка входа закончилась.',
    todo: { en: 'Begin anew, in the same browser.', ru: 'Начните снова, в том же браузере.' },
  },
  'gateway.sign_in_link_refused': {
    en: 'This link does not sign in: it was used, is too old, or was asked for in another browser.',
    ru: 'Эта ссылка не подходит: она использована, устарела или запрошена в другом браузере.',
    todo: { en: 'Ask for a new one.', ru: 'Запросите новую.' },
  },
  'gateway.sign_in_refused': {
    en: 'What came back from the provider proves nothing.',
    ru: 'Ответ сервиса входа ничего не подтверждает.',
    todo: { en: 'Begin anew.', ru: 'Начните снова.' },
  },
  'gateway.sso_groups_left_out': {
    en: 'You are in so many groups that the single sign-on leaves them out. What you may do is unchanged.',
    ru: 'Вы состоите в стольких группах, что единый вход их не передаёт. Ваши права не изменились.',
    todo: {
      en: 'Ask whoever runs the single sign-on to send app roles instead of groups.',
      ru: 'Попросите администратора единого входа передавать роли приложения вместо групп.',
    },
  },
  'gateway.sso_no_access': {
    en: 'The single sign-on knows you, and you have no access here.',
    ru: 'Единый вход вас знает, но доступа здесь у вас нет.',
    todo: {
      en: 'Ask an administrator for an invitation or a role.',
      ru: 'Попросите администратора пригласить вас или выдать роль.',
    },
  },
  'gateway.sso_not_offered': { en: 'There is no single sign-on here.', ru: 'Единого входа здесь нет.' },
  'gateway.sso_required': {
    en: 'With this address you sign in by the single sign-on of your company.',
    ru: 'С этим адресом входят через единый вход вашей компании.',
  },
  'gateway.staff_exists': {
    en: 'Somebody with this address works here already.',
    ru: 'Сотрудник с таким адресом уже есть.',
  },
  'gateway.staff_not_found': { en: 'There is no such member of staff.', ru: 'Такого сотрудника нет.' },
  'gateway.too_many_attempts': { en: 'Too many attempts.', ru: 'Слишком много попыток.' },
  'gateway.too_many_keys': {
    en: 'The team has as many keys as it may have.',
    ru: 'У команды уже максимум ключей.',
    todo: { en: 'Revoke one that nobody uses.', ru: 'Отзовите ненужный.' },
  },
  'gateway.too_many_passkeys': {
    en: 'You have as many passkeys as you may have.',
    ru: 'У вас уже максимум ключей доступа.',
    todo: { en: 'Remove one that you do not use.', ru: 'Удалите ненужный.' },
  },
  'gateway.unknown_role': { en: 'There is no such role.', ru: 'Такой роли нет.' },
  'gateway.user_not_found': { en: 'There is no such person.', ru: 'Такого человека нет.' },
  'gateway.weak_password': {
    en: 'The password is easy to guess.',
    ru: 'Этот пароль легко угадать.',
    todo: {
      en: 'Take several words that do not belong together.',
      ru: 'Возьмите несколько слов, не связанных друг с другом.',
    },
  },
  'gateway.webhook_address_refused': {
    en: 'The address of the endpoint leads to no public server by https.',
    ru: 'Адрес не ведёт на публичный сервер по https.',
    todo: {
      en: 'Give an https address with port 443 or 8443 that everybody can reach.',
      ru: 'Укажите адрес https с портом 443 или 8443, доступный всем.',
    },
  },
  'gateway.webhook_bots_refused': {
    en: 'An endpoint is for bots that you may see, and these are named.',
    ru: 'Точка получения создаётся для видимых вам ботов, и они названы.',
  },
  'gateway.webhook_delivery_not_found': {
    en: 'There is no such delivery; they are kept for 30 days.',
    ru: 'Такой доставки нет; они хранятся 30 дней.',
  },
  'gateway.webhook_delivery_not_scheduled': {
    en: 'The delivery does not wait for another try: it is being sent, waits for its turn, or has ended.',
    ru: 'Доставка не ждёт повторной попытки: она отправляется, ждёт очереди или уже завершена.',
  },
  'gateway.webhook_delivery_open': {
    en: 'The delivery has not ended: it is sent again by itself.',
    ru: 'Доставка ещё не закончена: она повторяется сама.',
  },
  'gateway.webhook_endpoint_not_found': { en: 'There is no such endpoint.', ru: 'Такой точки получения нет.' },
  'gateway.webhook_secrets_exhausted': {
    en: 'Five secrets sign already.',
    ru: 'Подписывают уже пять секретов.',
    todo: { en: 'Wait until one has ended.', ru: 'Дождитесь, пока один из них закончится.' },
  },
  'gateway.webhook_type_unknown': {
    en: 'There is no such event.',
    ru: 'Такого события нет.',
    todo: {
      en: '`GET /v1/webhook-types` lists them; `params.types` names what is none.',
      ru: 'Список — `GET /v1/webhook-types`; неизвестные названы в `params.types`.',
    },
  },
  'gateway.wrong_code': {
    en: 'The code is wrong, was used, or is too old.',
    ru: 'Код неверен, использован или устарел.',
    todo: { en: 'Wait for the next code of the app.', ru: 'Дождитесь следующего кода в приложении.' },
  },
  'gateway.wrong_credentials': {
    en: 'The address or the password is wrong.',
    ru: 'Адрес или пароль неверен.',
  },
};
