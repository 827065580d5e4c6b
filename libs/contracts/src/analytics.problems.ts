import type { ProblemText } from './problem-text';

export const analyticsProblems: Readonly<Record<string, ProblemText>> = {
  'analytics.alert_is_over': { en: 'The alert is over already.', ru: 'Тревога уже закончилась.' },
  'analytics.alert_not_found': { en: 'There is no such alert.', ru: 'Такой тревоги нет.' },
  'analytics.archive_damaged': {
    en: 'The archive of the day is damaged: its checksum does not fit.',
    ru: 'Архив этого дня повреждён: контрольная сумма не сходится.',
    todo: { en: 'Restore the file from a copy of the storage.', ru: 'Восстановите файл из копии хранилища.' },
  },
  'analytics.archive_not_found': { en: 'There is no archive of that day.', ru: 'Архива за этот день нет.' },
  'analytics.arm_not_found': {
    en: 'The experiment has no such arm.',
    ru: 'В эксперименте нет такого варианта.',
    todo: { en: 'Name one of its arms by the key.', ru: 'Назовите один из вариантов по ключу.' },
  },
  'analytics.backup_damaged': {
    en: 'The backup is damaged: its checksums do not fit.',
    ru: 'Резервная копия повреждена: контрольные суммы не сходятся.',
    todo: { en: 'Choose an older one.', ru: 'Выберите более старую.' },
  },
  'analytics.backup_not_found': { en: 'There is no such backup.', ru: 'Такой резервной копии нет.' },
  'analytics.bandit_unfit': {
    en: 'A bandit follows whether something happens, and sets no prices.',
    ru: 'Бандит следит за тем, происходит ли событие, и не назначает цен.',
    todo: {
      en: 'Choose equal shares, or another primary measure.',
      ru: 'Выберите равные доли или другой основной показатель.',
    },
  },
  'analytics.day_is_not_over': {
    en: 'The day is not over (UTC).',
    ru: 'День ещё не закончился (UTC).',
    todo: { en: 'Try again tomorrow.', ru: 'Повторите завтра.' },
  },
  'analytics.demo_refused': {
    en: 'There is no demo company in production.',
    ru: 'В рабочей установке нет демонстрационной компании.',
  },
  'analytics.days_not_kept': {
    en: 'Of days as old as that this is no longer kept.',
    ru: 'За такие старые дни этого уже нет.',
    todo: { en: 'Begin with the day that `params.keptFrom` names.', ru: 'Начните с дня из `params.keptFrom`.' },
  },
  'analytics.events_not_kept': {
    en: 'Days as old as that cannot be counted anew: their events are gone.',
    ru: 'Такие старые дни нельзя пересчитать: их событий уже нет.',
    todo: { en: 'Begin with the day that `params.since` names.', ru: 'Начните с дня из `params.since`.' },
  },
  'analytics.experiment_incomplete': {
    en: 'Before it starts an experiment says all it is for.',
    ru: 'До начала эксперимент должен быть описан полностью.',
    todo: { en: 'Fill in the fields that `params.missing` names.', ru: 'Заполните поля из `params.missing`.' },
  },
  'analytics.experiment_is_fixed': {
    en: 'An experiment that has begun can no longer be changed in this.',
    ru: 'Начатый эксперимент в этом уже не меняется.',
    todo: { en: 'Stop it and begin another one.', ru: 'Остановите его и начните другой.' },
  },
  'analytics.experiment_key_taken': {
    en: 'Another experiment has this key.',
    ru: 'Этот ключ у другого эксперимента.',
    todo: { en: 'Choose another key.', ru: 'Выберите другой ключ.' },
  },
  'analytics.experiment_namespace_taken': {
    en: 'Another running experiment has this part of the people.',
    ru: 'Эта часть людей занята другим идущим экспериментом.',
    todo: {
      en: 'Choose another range, or wait until the one in `params.key` has ended.',
      ru: 'Выберите другой диапазон или дождитесь конца эксперимента из `params.key`.',
    },
  },
  'analytics.experiment_not_found': { en: 'There is no such experiment.', ru: 'Такого эксперимента нет.' },
  'analytics.experiment_not_running': { en: 'The experiment does not run.', ru: 'Эксперимент не идёт.' },
  'analytics.experiment_of_another_bot': {
    en: 'The place is of another bot.',
    ru: 'Это место другого бота.',
    todo: { en: 'Name a place of the same bot.', ru: 'Назовите место того же бота.' },
  },
  'analytics.experiment_place_taken': {
    en: 'Another running experiment changes the same place.',
    ru: 'То же место уже меняет другой идущий эксперимент.',
    todo: { en: 'End that one first.', ru: 'Сначала завершите его.' },
  },
  'analytics.export_link_invalid': {
    en: 'The link is wrong, or older than a day.',
    ru: 'Ссылка неверна или старше суток.',
    todo: { en: 'Ask for the export again.', ru: 'Запросите выгрузку снова.' },
  },
  'analytics.export_not_found': { en: 'There is no such export.', ru: 'Такой выгрузки нет.' },
  'analytics.measure_unknown': {
    en: 'Nothing of the kind is counted.',
    ru: 'Такое не считается.',
    todo: {
      en: 'Choose from the measures; `params.unknown` names what is none.',
      ru: 'Выберите из показателей; неизвестные названы в `params.unknown`.',
    },
  },
  'analytics.not_a_person': {
    en: 'Only people have something to tell of themselves.',
    ru: 'Рассказать о себе может только человек.',
  },
  'analytics.plan_impossible': {
    en: 'A share lies between 0 and 1, a mean is not 0, and nobody has endlessly many people.',
    ru: 'Доля лежит между 0 и 1, среднее не равно 0, а людей не бывает бесконечно много.',
  },
  'analytics.snooze_too_long': {
    en: 'An alert is snoozed for 14 days at most.',
    ru: 'Тревогу можно отложить не больше чем на 14 дней.',
  },
  'analytics.statistics_not_empty': {
    en: 'There are statistics here: a backup is read into a new database, and once.',
    ru: 'Здесь уже есть статистика: копия читается только в новую базу данных и один раз.',
    todo: {
      en: 'How to begin with a new one says docs/operations.md, "When the database of analytics is lost".',
      ru: 'Как начать с новой, сказано в docs/operations.md, раздел «When the database of analytics is lost».',
    },
  },
  'analytics.ui_events_too_large': {
    en: 'A post has too many events, or too large ones.',
    ru: 'В запросе слишком много событий или они слишком велики.',
    todo: { en: 'Send them in several posts.', ru: 'Разделите их на несколько запросов.' },
  },
};
