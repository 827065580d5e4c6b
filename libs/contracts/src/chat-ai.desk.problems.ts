import type { ProblemText } from './problem-text';

/** Of the desk: part of chat-ai.problems.ts. */
export const deskProblems: Readonly<Record<string, ProblemText>> = {
  'chat-ai.name_taken': {
    en: 'The shop has one of this name already.',
    ru: 'У этого магазина такое имя уже есть.',
    todo: { en: 'Choose another one.', ru: 'Выберите другое.' },
  },
  'chat-ai.nothing_to_answer': {
    en: 'The person has written nothing that can be read.',
    ru: 'Человек не написал ничего, что можно прочитать.',
    todo: { en: 'Wait until they write.', ru: 'Подождите, пока он напишет.' },
  },
  'chat-ai.not_on_desk': {
    en: 'You are not on the desk of this shop.',
    ru: 'Вы не работаете с обращениями этого магазина.',
    todo: { en: 'Ask whoever leads it to put you there.', ru: 'Попросите руководителя добавить вас.' },
  },
  'chat-ai.snooze_over': {
    en: 'The time is over already, or is more than ninety days away.',
    ru: 'Это время уже прошло, или до него больше девяноста дней.',
    todo: { en: 'Name a time that comes.', ru: 'Укажите время в будущем.' },
  },
  'chat-ai.staff_not_on_desk': {
    en: 'Nobody on the desk fits: that member of staff or that team is not on it.',
    ru: 'Назначить некому: такого сотрудника или команды среди отвечающих нет.',
    todo: { en: 'Choose somebody who is on the desk.', ru: 'Выберите того, кто работает с обращениями.' },
  },
  'chat-ai.suggestion_budget_exhausted': {
    en: 'What may be spent on the assistant is used up for now.',
    ru: 'Бюджет ассистента на это время исчерпан.',
    todo: { en: '`params.renewsAt` says when there is more.', ru: 'Когда он обновится, сказано в `params.renewsAt`.' },
  },
  'chat-ai.taken_by_another': {
    en: 'Somebody else has taken the conversation.',
    ru: 'Этот разговор уже взял другой сотрудник.',
    todo: {
      en: '`params.staffId` names them. Have it assigned to you, or leave it to them.',
      ru: 'Кто именно — в `params.staffId`. Переназначьте разговор на себя или оставьте его коллеге.',
    },
  },
  'chat-ai.ticket_closed': {
    en: 'The ticket is closed.',
    ru: 'Обращение закрыто.',
    todo: { en: 'Take the conversation: it gets a new one.', ru: 'Возьмите разговор: появится новое обращение.' },
  },
  'chat-ai.window_closed': {
    en: 'The person wrote too long ago: the channel takes no free text any more.',
    ru: 'Человек писал слишком давно: канал больше не принимает свободный текст.',
    todo: {
      en: '`params.until` is when it closed, if it is known; `params.chatIds` are other chats of the person that may be written in.',
      ru: 'Когда окно закрылось, сказано в `params.until`, если это известно; в другие чаты человека из `params.chatIds` писать можно.',
    },
  },
};
