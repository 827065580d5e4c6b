import { defineTexts } from '@switchboard/ui';

const roles = {
  en: {
    owner: 'Owner',
    admin: 'Administrator',
    support: 'Support',
    moderator: 'Moderator',
    economist: 'Economist',
    analyst: 'Analyst',
    editor: 'Content editor',
    developer: 'Developer',
    auditor: 'Auditor',
  },
  ru: {
    owner: 'Владелец',
    admin: 'Администратор',
    support: 'Поддержка',
    moderator: 'Модератор',
    economist: 'Экономист',
    analyst: 'Аналитик',
    editor: 'Редактор',
    developer: 'Разработчик',
    auditor: 'Аудитор',
  },
};

/** Roles that come with the platform have names here; others are called as their makers called them. */
const named = (names: Readonly<Record<string, string>>) => (ids: readonly string[]) =>
  ids.map((id) => names[id] ?? id).join(', ');

export const useShellTexts = defineTexts({
  en: {
    sections: { build: 'Build', people: 'People', measure: 'Measure', operate: 'Operate', govern: 'Govern' },
    nav: {
      overview: 'Overview',
      bots: 'Bots',
      prompts: 'Prompts',
      knowledge: 'Knowledge',
      experiments: 'Experiments',
      people: 'People',
      conversations: 'Conversations',
      boards: 'Boards',
      exports: 'Exports',
      usage: 'Usage and cost',
      alerts: 'Alerts',
      failures: 'Failures',
      webhooks: 'Webhooks',
      keys: 'API keys',
      staff: 'Staff and roles',
      approvals: 'Approvals',
      audit: 'Audit log',
      system: 'System',
    },
    account: {
      mine: 'My account',
      apiDocs: 'API reference',
      signOut: 'Sign out',
    },
    commands: {
      go: 'Go to',
      application: 'Application',
      saved: 'Saved filters',
      byId: 'By this id',
      conversation: 'Conversation',
      person: 'Person',
      audit: 'What they did, in the audit log',
    },
    rolesOf: named(roles.en),
    stepUp: {
      title: 'Is it you?',
      text: 'This is a dangerous act, so prove once more who you are.',
      elsewhere: 'By single sign-on',
    },
    approval: {
      title: 'Somebody else has to agree',
      text: 'This takes two people. Ask somebody who may do it as well to open “Approvals”.',
      waiting: 'Waiting: once they agree, it is done by itself.',
      over: {
        rejected: 'It was refused.',
        expired: 'Nobody agreed in time. You can ask again.',
        withdrawn: 'It was withdrawn.',
        used: 'It is done already.',
      },
      until: 'There is time until',
      later: 'Do it later',
    },
    signIn: {
      password: 'Password',
      code: 'Code',
      codeHint: 'Six digits of your authenticator app.',
    },
    notFound: {
      title: 'There is no such page',
      text: 'The address may be mistyped, or what was there is gone.',
      home: 'To the overview',
    },
    needsRight: (permission: string) =>
      `This page needs the right “${permission}”. An owner or an administrator can give it to you.`,
  },
  ru: {
    sections: { build: 'Создание', people: 'Люди', measure: 'Измерения', operate: 'Работа', govern: 'Управление' },
    nav: {
      overview: 'Обзор',
      bots: 'Боты',
      prompts: 'Промпты',
      knowledge: 'База знаний',
      experiments: 'Эксперименты',
      people: 'Люди',
      conversations: 'Беседы',
      boards: 'Доски',
      exports: 'Выгрузки',
      usage: 'Расход и стоимость',
      alerts: 'Тревоги',
      failures: 'Сбои',
      webhooks: 'Вебхуки',
      keys: 'Ключи API',
      staff: 'Сотрудники и роли',
      approvals: 'Согласования',
      audit: 'Журнал действий',
      system: 'Система',
    },
    account: {
      mine: 'Мой аккаунт',
      apiDocs: 'Справочник API',
      signOut: 'Выйти',
    },
    commands: {
      go: 'Перейти',
      application: 'Приложение',
      saved: 'Сохранённые фильтры',
      byId: 'По этому идентификатору',
      conversation: 'Беседа',
      person: 'Человек',
      audit: 'Их действия в журнале',
    },
    rolesOf: named(roles.ru),
    stepUp: {
      title: 'Это вы?',
      text: 'Действие опасное, поэтому ещё раз подтвердите, что это вы.',
      elsewhere: 'Через единый вход',
    },
    approval: {
      title: 'Нужно согласие другого',
      text: 'Это делают вдвоём. Попросите того, кто тоже вправе это сделать, открыть «Согласования».',
      waiting: 'Ждём: после согласия всё сделается само.',
      over: {
        rejected: 'Вам отказали.',
        expired: 'Никто не согласился вовремя. Можно попросить снова.',
        withdrawn: 'Запрос отозван.',
        used: 'Это уже сделано.',
      },
      until: 'Время есть до',
      later: 'Сделать потом',
    },
    signIn: {
      password: 'Пароль',
      code: 'Код',
      codeHint: 'Шесть цифр из приложения-аутентификатора.',
    },
    notFound: {
      title: 'Такой страницы нет',
      text: 'Возможно, в адресе опечатка или этого больше нет.',
      home: 'К обзору',
    },
    needsRight: (permission) =>
      `Для этой страницы нужно право «${permission}». Его может дать владелец или администратор.`,
  },
});
