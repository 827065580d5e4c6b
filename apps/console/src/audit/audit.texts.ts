import { defineTexts } from '@switchboard/ui';
import { auditActionTexts } from './audit-actions';
import { auditResourceTexts } from './audit-resources';

export const useAuditTexts = defineTexts({
  en: {
    title: 'Audit log',
    about: 'Who did what, why, and what came of it. Entries are chained and signed: a changed one is found.',
    tabs: { entries: 'Entries', checks: 'Checks' },
    when: 'When',
    actor: 'Who',
    action: 'What',
    resource: 'To what',
    resourceId: 'Its id',
    result: 'Result',
    results: { done: 'Done', denied: 'Denied', failed: 'Failed', unknown: 'Unknown', begun: 'Begun' },
    anyResult: 'Any result',
    anyActor: 'Anybody',
    kinds: { staff: 'Staff', key: 'API key', person: 'Person', service: 'Service', anonymous: 'Unknown' },
    actionHint: 'Action, such as webhook-endpoints.*',
    none: 'Nothing was done yet',
    noneText: 'Every change by staff and keys stands here, and every look at what is sensitive.',
    entry: 'Entry',
    reason: 'Reason',
    roles: 'Roles',
    proven: 'Proven by',
    client: 'Client',
    onBehalf: 'On behalf of',
    bot: 'Bot',
    request: 'Request',
    approval: 'Approval',
    changes: 'What changed',
    details: 'Details',
    hash: 'Hash',
    proof: 'Save the proof',
    export: 'Save as a file',
    exportProof: 'With proof',
    formats: { jsonl: 'JSON lines', csv: 'CSV' },
    check: 'Check the whole log',
    checking: 'The log is being checked',
    checkedAt: 'Checked',
    state: 'State',
    states: { running: 'Runs', intact: 'Unchanged', broken: 'Changed' },
    entries: 'Entries',
    findings: 'Findings',
    noChecks: 'It was not checked yet',
    noChecksText: 'Every night it is checked by itself.',
  },
  ru: {
    title: 'Журнал действий',
    about: 'Кто что сделал, зачем и что вышло. Записи связаны цепью и подписаны: изменённая находится.',
    tabs: { entries: 'Записи', checks: 'Проверки' },
    when: 'Когда',
    actor: 'Кто',
    action: 'Что',
    resource: 'С чем',
    resourceId: 'Номер',
    result: 'Итог',
    results: { done: 'Сделано', denied: 'Отказано', failed: 'Не вышло', unknown: 'Неизвестно', begun: 'Начато' },
    anyResult: 'Любой итог',
    anyActor: 'Кто угодно',
    kinds: { staff: 'Сотрудник', key: 'Ключ API', person: 'Человек', service: 'Сервис', anonymous: 'Неизвестный' },
    actionHint: 'Действие, например webhook-endpoints.*',
    none: 'Пока ничего не делали',
    noneText: 'Здесь стоит каждое изменение сотрудников и ключей и каждый взгляд на личное.',
    entry: 'Запись',
    reason: 'Причина',
    roles: 'Роли',
    proven: 'Подтвердил через',
    client: 'Программа',
    onBehalf: 'От имени',
    bot: 'Бот',
    request: 'Запрос',
    approval: 'Согласование',
    changes: 'Что изменилось',
    details: 'Подробности',
    hash: 'Хеш',
    proof: 'Сохранить доказательство',
    export: 'Сохранить файлом',
    exportProof: 'С доказательством',
    formats: { jsonl: 'Строки JSON', csv: 'CSV' },
    check: 'Проверить весь журнал',
    checking: 'Журнал проверяется',
    checkedAt: 'Проверено',
    state: 'Состояние',
    states: { running: 'Идёт', intact: 'Не изменён', broken: 'Изменён' },
    entries: 'Записей',
    findings: 'Найдено',
    noChecks: 'Ещё не проверяли',
    noChecksText: 'Каждую ночь он проверяется сам.',
  },
});

const useActionTexts = defineTexts(auditActionTexts);

/** How the action of an entry is called; one that has no name yet, as of a newer service, by its own. */
export function useActionName(): (action: string) => string {
  const t: Readonly<Record<string, string>> = useActionTexts();
  return (action) => t[action] ?? action;
}

const useResourceTexts = defineTexts(auditResourceTexts);

/** What something was done to, by its type in words. */
export function useResourceName(): (type: string) => string {
  const t: Readonly<Record<string, string>> = useResourceTexts();
  return (type) => t[type] ?? type;
}
