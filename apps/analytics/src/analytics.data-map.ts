import type { DataMap } from '@switchboard/service-kit';

const counted = {
  type: 'Name of the events.',
  measure: 'What was counted: the events, or a field of theirs.',
  bot_id: 'The bot.',
  platform: 'The channel, or what a page runs on.',
  kind: 'What sort of event: kind of a message, purpose of a call, currency.',
  model: 'Name of a model or an engine.',
  outcome: 'How it ended.',
};

export const analyticsDataMap: DataMap = {
  events: {
    purpose:
      'What happened, to count it and to see how people get on. Of people who have consented, and of what nobody did.',
    retention: 'ANALYTICS_KEEP_EVENTS_MONTHS, by dropping the partition of a month; until consent is withdrawn.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      event_id: 'Of the event.',
      session_id: 'Made by a page each time it was opened.',
      type: 'Name of the event.',
      source: 'The service or page that said it.',
      subject: 'Our id of what it is about.',
      bot_id: 'The bot.',
      platform: 'The channel, or what the page runs on.',
      app_version: 'Of the page.',
      locale: 'Language of the person.',
      experiments: 'Which arms of experiments they were shown.',
      props: 'What the event says, without what its contract marks as personal and without ids of other people.',
    },
  },
  quarantined_events: {
    purpose: 'Events that could not be stored as they were, until somebody has looked.',
    retention: '30 days.',
    erasure: 'delete row',
    person: 'user_id',
    columns: {
      event_id: 'Of the event.',
      type: 'Name of the event.',
      source: 'The service or page that said it.',
      reason: 'Why it could not be stored.',
      detail: 'The same at length, without values.',
      event: 'The event without what is personal; empty of people who have not consented.',
    },
  },
  measures: {
    purpose: 'How much of what there was in each 5 minutes, 15 minutes and day.',
    retention: '5 minutes: 62 days. 15 minutes: ANALYTICS_KEEP_MEASURES_MONTHS. Days: for good.',
    erasure: 'not personal',
    columns: counted,
  },
  anonymous_measures: {
    purpose: 'The part of that of which no events are kept, to count a day anew.',
    retention: 'As long as the events of the same days.',
    erasure: 'not personal',
    columns: counted,
  },
  rollup_state: {
    purpose: 'Since which day all that was counted can be counted anew.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: {},
  },
  active_people: {
    purpose: 'Who was active when, for daily and monthly numbers of people, retention and cohorts.',
    retention: 'ANALYTICS_KEEP_MEASURES_MONTHS; until consent is withdrawn.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { bot_id: 'The bot.', quarters: 'In which quarters of an hour of the day.' },
  },
  people: {
    purpose: 'Since when somebody has been there.',
    retention: 'As long as the person is known and consents.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { bot_id: 'The bot.' },
  },
  consents: {
    purpose: 'Who has allowed that what they do is kept here, and who no longer does.',
    retention: 'As long as the person is known.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { version: 'Of the text that they were shown.', source: 'Where they decided.' },
  },
  archived_days: {
    purpose: 'Which days of events lie in storage, and where.',
    retention: 'For good.',
    erasure: 'not personal',
    columns: { files: 'Keys and checksums of files.' },
  },
  rates: {
    purpose: 'By what reports add up currencies.',
    retention: 'For good: the past is told by its rates.',
    erasure: 'not personal',
    columns: { currency: 'Its code.', source: 'Where the rate is from.' },
  },
  churn_models: {
    purpose: 'What was learnt of who leaves, and how good it is.',
    retention: 'The last 26.',
    erasure: 'not personal',
    columns: { card: 'Weights of features and measures of quality; nobody is in it.' },
  },
  survey_asks: {
    purpose: 'When somebody was asked last, so that nobody is asked more than once in 90 days.',
    retention: 'As long as the person is known and consents.',
    erasure: 'delete row',
    person: 'user_id',
    columns: { survey_id: 'Of the asking.', bot_id: 'The bot in which they were asked.' },
  },
  exports: {
    purpose: 'Reports that staff wanted as files.',
    retention: '30 days; the file a day.',
    erasure: 'not personal',
    columns: {
      owner: 'Who of the staff, or which key, wanted it.',
      bots: 'Of which bots they may see reports.',
      request: 'Which report, of which days, in which format.',
      state: 'How far it is.',
    },
  },
};
