import type { ProblemText } from './problem-text';

interface SharedProblem extends ProblemText {
  readonly status: number;
}

/** What any route may answer with, besides the problems of its own. */
export const sharedProblems = {
  malformed_request: {
    status: 400,
    en: 'The request cannot be read.',
    ru: 'Запрос не удалось прочитать.',
    todo: {
      en: 'Look at the address, the headers and the texts: percent signs, zero bytes and half characters are refused.',
      ru: 'Проверьте адрес, заголовки и тексты: ошибочные знаки процента, нулевые байты и половины символов не принимаются.',
    },
  },
  malformed_json: {
    status: 400,
    en: 'The body is not JSON.',
    ru: 'Тело запроса не является JSON.',
    todo: {
      en: 'Send JSON in UTF-8 with `Content-Type: application/json`.',
      ru: 'Отправьте JSON в UTF-8 с `Content-Type: application/json`.',
    },
  },
  malformed_multipart: {
    status: 400,
    en: 'The body is not the multipart form it says it is.',
    ru: 'Тело запроса не является формой multipart.',
    todo: {
      en: 'Let your HTTP client make the form, its boundary included; the file is its last part.',
      ru: 'Пусть форму и её границу составит ваш HTTP-клиент; файл — последняя часть.',
    },
  },
  malformed_if_match: {
    status: 400,
    en: 'If-Match is a list of entity tags in quotes.',
    ru: 'If-Match — список меток в кавычках.',
    todo: {
      en: 'Send the `ETag` exactly as an answer has brought it, quotes included.',
      ru: 'Отправьте `ETag` точно таким, каким он пришёл в ответе, вместе с кавычками.',
    },
  },
  malformed_idempotency_key: {
    status: 400,
    en: 'Idempotency-Key is needed: 16 to 255 visible characters.',
    ru: 'Нужен Idempotency-Key: от 16 до 255 видимых символов.',
    todo: {
      en: 'Make a UUID for each thing you mean to do, and send the same one when you repeat the request.',
      ru: 'Создайте UUID для каждого действия и повторяйте запрос с тем же значением.',
    },
  },
  invalid_cursor: {
    status: 400,
    en: 'The cursor is not of this list, or too old. Begin without one.',
    ru: 'Курсор не от этого списка или устарел. Начните без него.',
    todo: {
      en: 'A cursor belongs to one list with one set of filters. Ask for the first page again, without `after`.',
      ru: 'Курсор относится к одному списку с одними фильтрами. Запросите первую страницу без `after`.',
    },
  },
  malformed_reason: {
    status: 400,
    en: 'X-Reason is needed: why you look, 3 to 500 characters, percent-encoded.',
    ru: 'Нужен X-Reason: причина, от 3 до 500 символов, в кодировке URL.',
    todo: {
      en: 'Say in `X-Reason` why you need to see this; it is kept in the audit log.',
      ru: 'Укажите в `X-Reason`, зачем вам эти данные: причина попадёт в журнал аудита.',
    },
  },
  unauthorized: {
    status: 401,
    en: 'A valid token is needed.',
    ru: 'Нужен действительный токен.',
    todo: {
      en: 'Send an API key as `Authorization: Bearer sb_live_…`, or sign in. Keys end, are revoked, and may be limited to addresses.',
      ru: 'Отправьте ключ API в `Authorization: Bearer sb_live_…` или войдите. Ключи истекают, отзываются и бывают ограничены адресами.',
    },
  },
  key_narrowed: {
    status: 403,
    en: 'Whoever has made this API key may not do this any more, so the key may not either.',
    ru: 'У того, кто создал этот ключ API, больше нет права на это действие, поэтому нет его и у ключа.',
    todo: {
      en: 'Have somebody who may do it make a key, or give its maker the role back.',
      ru: 'Попросите создать ключ того, у кого это право есть, или верните роль создателю ключа.',
    },
  },
  forbidden: {
    status: 403,
    en: 'You are not allowed to do this.',
    ru: 'На это нет права.',
    todo: {
      en: 'The document names the permission of each route; whoever manages staff or keys can grant it.',
      ru: 'Право каждого маршрута указано в документе; выдать его может тот, кто управляет сотрудниками или ключами.',
    },
  },
  not_found: {
    status: 404,
    en: 'There is no such address.',
    ru: 'Такого адреса нет.',
    todo: {
      en: 'Compare the path with the document. What you may not see is answered the same way.',
      ru: 'Сверьте путь с документом. На то, что вам не видно, ответ такой же.',
    },
  },
  method_not_allowed: {
    status: 405,
    en: 'There is such an address, but not with this method.',
    ru: 'Такой адрес есть, но не с этим методом.',
    todo: { en: 'The header `Allow` names the methods.', ru: 'Методы названы в заголовке `Allow`.' },
  },
  request_in_progress: {
    status: 409,
    en: 'The same request is being worked on.',
    ru: 'Такой же запрос ещё выполняется.',
    todo: {
      en: 'Wait for `Retry-After` and send it again with the same key: you will get the answer of the first.',
      ru: 'Подождите `Retry-After` и повторите с тем же ключом: вы получите ответ первого запроса.',
    },
  },
  revision_mismatch: {
    status: 412,
    en: 'Somebody changed it since you saw it. Look at it again.',
    ru: 'С тех пор это изменили. Посмотрите ещё раз.',
    todo: {
      en: 'Read it again, apply your change to what it is now, and send the new `ETag` in `If-Match`.',
      ru: 'Прочитайте ещё раз, внесите изменение заново и отправьте новый `ETag` в `If-Match`.',
    },
  },
  body_too_large: {
    status: 413,
    en: 'The body is too large.',
    ru: 'Тело запроса слишком велико.',
    todo: {
      en: 'JSON may have 1 MB; the document says how large the files of a route may be.',
      ru: 'JSON — до 1 МБ; размер файлов для маршрута указан в документе.',
    },
  },
  unsupported_media_type: {
    status: 415,
    en: 'The body has a type that is not taken here.',
    ru: 'Тело такого типа здесь не принимают.',
    todo: {
      en: 'Set `Content-Type` to one that the document names for this route.',
      ru: 'Укажите `Content-Type`, названный для маршрута в документе.',
    },
  },
  validation_failed: {
    status: 422,
    en: 'The request does not fit.',
    ru: 'Запрос не подходит по форме.',
    todo: {
      en: '`errors` names every field that does not fit: `pointer` says which, `in` where it stands, `code` and `params` why.',
      ru: '`errors` называет все неподходящие поля: `pointer` — какое, `in` — где оно, `code` и `params` — почему.',
    },
  },
  too_many_requests: {
    status: 429,
    en: 'Too many requests. Wait a little.',
    ru: 'Слишком много запросов. Подождите немного.',
    todo: {
      en: 'Wait as many seconds as `Retry-After` says. `RateLimit` shows in each answer how much is left.',
      ru: 'Подождите столько секунд, сколько указано в `Retry-After`. Остаток виден в каждом ответе в `RateLimit`.',
    },
  },
  cross_site_request: {
    status: 403,
    en: 'The request comes from a page of another site.',
    ru: 'Запрос пришёл со страницы другого сайта.',
    todo: {
      en: 'Call from your server with an API key, or have the origin of the page added to `HTTP_CORS_ORIGINS`.',
      ru: 'Обращайтесь со своего сервера с ключом API или попросите добавить источник страницы в `HTTP_CORS_ORIGINS`.',
    },
  },
  step_up_required: {
    status: 403,
    en: 'This is dangerous: prove first who you are.',
    ru: 'Это опасное действие: сначала подтвердите, что это вы.',
    todo: {
      en: 'Confirm with a code or a passkey, and repeat within five minutes. No API key may do this.',
      ru: 'Подтвердите кодом или ключом доступа и повторите в течение пяти минут. С ключом API это невозможно.',
    },
  },
  approval_required: {
    status: 423,
    en: 'Somebody else has to agree first. Send the same request again with X-Approval then.',
    ru: 'Сначала это должен одобрить другой сотрудник. Потом повторите запрос с X-Approval.',
    todo: {
      en: '`params.approvalId` names the request for approval. Once it is granted, repeat exactly the same request with it in `X-Approval`.',
      ru: '`params.approvalId` — номер запроса на одобрение. После согласия повторите тот же запрос с ним в `X-Approval`.',
    },
  },
  approval_unusable: {
    status: 409,
    en: 'This approval is not for this request, or counts no more.',
    ru: 'Это одобрение не для этого запроса или уже не действует.',
    todo: {
      en: 'It counts once, for a day, for whoever asked, and for the same body and address. Ask anew without `X-Approval`.',
      ru: 'Оно действует один раз, сутки, для того, кто просил, и для того же запроса. Попросите снова без `X-Approval`.',
    },
  },
  idempotency_key_reused: {
    status: 422,
    en: 'The Idempotency-Key belongs to another request.',
    ru: 'Этот Idempotency-Key относится к другому запросу.',
    todo: { en: 'Make a new key for each new thing.', ru: 'Для нового действия создайте новый ключ.' },
  },
  if_match_missing: {
    status: 428,
    en: 'If-Match is needed: the ETag you have seen.',
    ru: 'Нужен If-Match: ETag, который вы видели.',
    todo: {
      en: 'Read what you change, and send its `ETag` in `If-Match`.',
      ru: 'Прочитайте то, что меняете, и отправьте его `ETag` в `If-Match`.',
    },
  },
  internal_error: {
    status: 500,
    en: 'Something failed here, and it is in our log.',
    ru: 'У нас что-то сломалось, и это записано в журнал.',
    todo: {
      en: 'Repeat it once; if it stays, tell the operator the `traceId` and `instance` of the answer.',
      ru: 'Повторите один раз; если не помогло, сообщите оператору `traceId` и `instance` из ответа.',
    },
  },
  upstream_failed: {
    status: 502,
    en: 'A service behind this one gave an answer that is of no use.',
    ru: 'Внутренний сервис дал непригодный ответ.',
  },
  upstream_unavailable: {
    status: 503,
    en: 'The service that answers this is away just now.',
    ru: 'Сервис, который на это отвечает, сейчас недоступен.',
  },
  upstream_timeout: {
    status: 504,
    en: 'The service that answers this took too long.',
    ru: 'Сервис, который на это отвечает, не ответил вовремя.',
  },
} as const satisfies Record<string, SharedProblem>;

export type SharedProblemCode = keyof typeof sharedProblems;
