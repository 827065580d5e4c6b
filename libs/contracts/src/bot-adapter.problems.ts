import type { ProblemText } from './problem-text';

export const botAdapterProblems: Readonly<Record<string, ProblemText>> = {
  'bot-adapter.media_gone': {
    en: 'There is no such file, or the channel no longer has it.',
    ru: 'Такого файла нет, или канал его больше не хранит.',
  },
  'bot-adapter.media_too_large': {
    en: 'The file is larger than the channel hands out or the storage takes.',
    ru: 'Файл больше, чем отдаёт канал или принимает хранилище.',
    todo: { en: 'Ask the person for a smaller one.', ru: 'Попросите человека прислать файл поменьше.' },
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
