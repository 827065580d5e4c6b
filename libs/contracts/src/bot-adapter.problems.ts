import { connectionProblems } from './bot-adapter.connections.problems';
import type { ProblemText } from './problem-text';

export const botAdapterProblems: Readonly<Record<string, ProblemText>> = {
  ...connectionProblems,
  'bot-adapter.broadcast_not_found': { en: 'There is no such broadcast.', ru: 'Такой рассылки нет.' },
  'bot-adapter.broadcast_state_refused': {
    en: 'In the state in which the broadcast is, this cannot be done.',
    ru: 'В нынешнем состоянии рассылки это сделать нельзя.',
    todo: { en: 'Look how far it is.', ru: 'Посмотрите, как далеко она продвинулась.' },
  },
  'bot-adapter.contact_not_found': {
    en: 'This person has not written to the bot.',
    ru: 'Этот человек не писал боту.',
  },
  'bot-adapter.customers_unavailable': {
    en: 'What people have bought cannot be asked just now.',
    ru: 'Сейчас нельзя узнать, что люди покупали.',
    todo: { en: 'Try again in some minutes.', ru: 'Повторите через несколько минут.' },
  },
  'bot-adapter.file_link_invalid': {
    en: 'The link to the file is wrong or has expired.',
    ru: 'Ссылка на файл неверна или истекла.',
  },
  'bot-adapter.media_gone': {
    en: 'There is no such file, or the channel no longer has it.',
    ru: 'Такого файла нет, или канал его больше не хранит.',
  },
  'bot-adapter.media_too_large': {
    en: 'The file is larger than the channel hands out or the storage takes.',
    ru: 'Файл больше, чем отдаёт канал или принимает хранилище.',
    todo: { en: 'Ask the person for a smaller one.', ru: 'Попросите человека прислать файл поменьше.' },
  },
  'bot-adapter.payer_not_found': {
    en: 'Whoever paid is not known to this bot any more.',
    ru: 'Тот, кто платил, этому боту больше не известен.',
  },
  'bot-adapter.payment_refused': {
    en: 'The channel refuses it, and will refuse it again.',
    ru: 'Канал отказал в этом и откажет снова.',
  },
  'bot-adapter.payments_not_taken': {
    en: 'The channel of this bot takes no payments.',
    ru: 'Канал этого бота не принимает платежей.',
  },
  'bot-adapter.unknown_bot': { en: 'There is no such bot here.', ru: 'Такого бота здесь нет.' },
  'bot-adapter.update_not_quarantined': {
    en: 'There is no such update that was set aside: it was replayed or discarded, or never was there.',
    ru: 'Такого отложенного обновления нет: его уже повторили, отбросили или не было вовсе.',
  },
  'bot-adapter.wrong_webhook_secret': {
    en: 'The secret or signature of the webhook is missing or wrong.',
    ru: 'Секрет или подпись вебхука отсутствует или неверна.',
    todo: {
      en: 'Only the channel calls this address, with the secret that was set when the webhook was.',
      ru: 'Этот адрес вызывает только канал, с секретом, заданным при установке вебхука.',
    },
  },
};
