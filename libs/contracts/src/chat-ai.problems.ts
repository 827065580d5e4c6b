import { deskProblems } from './chat-ai.desk.problems';
import type { ProblemText } from './problem-text';

export const chatAiProblems: Readonly<Record<string, ProblemText>> = {
  ...deskProblems,
  'chat-ai.bot_not_found': { en: 'There is no such bot.', ru: 'Такого бота нет.' },
  'chat-ai.conversation_not_found': { en: 'There is no such conversation.', ru: 'Такого разговора нет.' },
  'chat-ai.demo_refused': {
    en: 'There is no demo company in production.',
    ru: 'В рабочей установке нет демонстрационной компании.',
  },
  'chat-ai.file_empty': {
    en: 'The file is empty.',
    ru: 'Файл пуст.',
    todo: { en: 'Send one with text.', ru: 'Отправьте файл с текстом.' },
  },
  'chat-ai.knowledge_document_not_found': { en: 'There is no such document.', ru: 'Такого документа нет.' },
  'chat-ai.knowledge_read_only': {
    en: "The document lies in the bot's folder and is changed there.",
    ru: 'Документ лежит в папке бота и меняется там.',
    todo: { en: 'Change the file itself.', ru: 'Измените сам файл.' },
  },
  'chat-ai.no_model': {
    en: 'No language model is connected to this bot.',
    ru: 'К этому боту не подключена языковая модель.',
    todo: {
      en: 'Set the model and its key in the description of the bot.',
      ru: 'Задайте модель и её ключ в описании бота.',
    },
  },
  'chat-ai.page_address_refused': {
    en: 'The address of the page leads to no public server, or is none.',
    ru: 'Адрес страницы не ведёт на публичный сервер или не является адресом.',
    todo: { en: 'Give an https address that everybody can open.', ru: 'Укажите адрес https, открытый для всех.' },
  },
  'chat-ai.page_known': {
    en: 'The page is in the knowledge base already.',
    ru: 'Страница уже есть в базе знаний.',
    todo: { en: '`params.documentId` names it.', ru: 'Она названа в `params.documentId`.' },
  },
  'chat-ai.prompt_draft_changed': {
    en: 'Somebody changed the draft since you saw it.',
    ru: 'С тех пор, как вы его видели, черновик изменили.',
    todo: {
      en: 'Read the draft again and publish what you see.',
      ru: 'Прочитайте черновик ещё раз и публикуйте то, что видите.',
    },
  },
  'chat-ai.prompt_draft_not_found': { en: 'There is no such draft.', ru: 'Такого черновика нет.' },
  'chat-ai.prompt_not_found': { en: 'There is no such version of the prompt.', ru: 'Такой версии промпта нет.' },
  'chat-ai.prompt_not_published': {
    en: 'No prompt of this bot is published, so there is none to withdraw.',
    ru: 'У этого бота нет опубликованного промпта, отзывать нечего.',
  },
  'chat-ai.prompt_too_long': {
    en: 'The prompt leaves no room for what was said.',
    ru: 'Промпт не оставляет места для разговора.',
    todo: {
      en: 'Shorten it, or choose a model with a larger window.',
      ru: 'Сократите его или выберите модель с большим окном.',
    },
  },
  'chat-ai.too_much_knowledge': {
    en: 'The knowledge base has as many documents as it may have.',
    ru: 'В базе знаний уже максимум документов.',
    todo: { en: 'Remove documents that nobody needs.', ru: 'Удалите ненужные документы.' },
  },
  'chat-ai.too_many_scenarios': {
    en: 'A bot has 30 scenarios of its own at most.',
    ru: 'Собственных сценариев у бота не больше 30.',
    todo: { en: 'Delete those that nobody needs.', ru: 'Удалите ненужные.' },
  },
  'chat-ai.try_out_budget_exhausted': {
    en: 'What was set aside for trying out is used up.',
    ru: 'Бюджет на пробы исчерпан.',
    todo: { en: '`params.renewsAt` says when there is more.', ru: 'Когда он обновится, сказано в `params.renewsAt`.' },
  },
  'chat-ai.unanswered_not_found': { en: 'There are no such questions.', ru: 'Таких вопросов нет.' },
  'chat-ai.unknown_zone': {
    en: 'The time zone is not known here.',
    ru: 'Часовой пояс неизвестен.',
    todo: {
      en: 'Name one of the IANA database, as `Europe/Moscow`.',
      ru: 'Укажите имя из базы IANA, например `Europe/Moscow`.',
    },
  },
};
