/** What people do, by the names of the events that tell of it. */
export const eventNames = {
  en: {
    'bot-adapter.contact.started': 'Started a bot',
    'bot-adapter.message.received': 'Wrote a message',
    'bot-adapter.contact.blocked': 'Blocked the bot',
    'bot-adapter.contact.unblocked': 'Let the bot write again',
    'chat-ai.reply.completed': 'Got an answer',
    'chat-ai.reply.rate-requested': 'Rated an answer',
    'tts-worker.speech.completed': 'Heard an answer',
    'tts-worker.transcription.completed': 'Sent a voice message',
    'analytics.page.opened': 'Opened a page',
    'analytics.step.reached': 'Reached a step of a page',
  },
  ru: {
    'bot-adapter.contact.started': 'Запустил бота',
    'bot-adapter.message.received': 'Написал сообщение',
    'bot-adapter.contact.blocked': 'Заблокировал бота',
    'bot-adapter.contact.unblocked': 'Снова разрешил писать',
    'chat-ai.reply.completed': 'Получил ответ',
    'chat-ai.reply.rate-requested': 'Оценил ответ',
    'tts-worker.speech.completed': 'Прослушал ответ',
    'tts-worker.transcription.completed': 'Прислал голосовое',
    'analytics.page.opened': 'Открыл страницу',
    'analytics.step.reached': 'Дошёл до шага страницы',
  },
};
