/** What a panel draws. Its queries are told apart by their legend, in which `{{label}}` stands for a value. */
export interface Panel {
  readonly title: string;
  /** As Grafana names units: `s`, `short`, `cps` (a second), `reqps`, `percentunit`, `currencyUSD`. */
  readonly unit: string;
  readonly about?: string;
  /** Default: over time. `stat` is the number of now. */
  readonly kind?: 'stat';
  readonly stacked?: true;
  /** Where it turns red. */
  readonly red?: { readonly above: number } | { readonly below: number };
  /** May be below zero. */
  readonly signed?: true;
  /** Why it shows nothing where all is well, to be read after "empty as long as". */
  readonly empty?: string;
  readonly queries: Readonly<Record<string, string>>;
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** The query for its values. */
  readonly values: string;
  /** One value at a time. */
  readonly single?: true;
}

export interface Dashboard {
  /** Of its file, and in its uid. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly variables?: readonly Variable[];
  /** Panels, by the title of their row. */
  readonly rows: Readonly<Record<string, readonly Panel[]>>;
}

const STEP = '[$__rate_interval]';

/** A counter's growth each second. */
const rate = (counter: string, by: string, where = '') => `sum by (${by}) (rate(${counter}{${where}}${STEP}))`;
/** So much it grew since the point before: for what is rare. */
const increase = (counter: string, by: string, where = '') => `sum by (${by}) (increase(${counter}{${where}}${STEP}))`;
/** Of a histogram. */
const quantile = (q: number, histogram: string, by: string, where = '') =>
  `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ''}le) (rate(${histogram}_bucket{${where}}${STEP})))`;
const percentiles = (histogram: string, by: string, where = '') => ({
  [`${legend(by)} p50`.trim()]: quantile(0.5, histogram, by, where),
  [`${legend(by)} p95`.trim()]: quantile(0.95, histogram, by, where),
});
const legend = (by: string) =>
  by
    .split(', ')
    .filter(Boolean)
    .map((label) => `{{${label}}}`)
    .join(' ');
/** Counters and gauges that are read from the database: every process tells the same. */
const shared = (value: string, by: string) => `sum by (${by}) (max without (instance) (${value}))`;
const sharedRate = (counter: string, by: string, where = '') => shared(`rate(${counter}{${where}}${STEP})`, by);

const BOT: Variable = { name: 'bot', label: 'Bot', values: 'label_values(business_messages_total, bot)' };
const OF_BOT = 'bot=~"$bot"';
const SERVICES = 'label_values(bus_relay_leader, service)';

const SIGN_INS = 'route=~"gateway[.](staff-sign-in|tokens|sign-in-.+)[.].+"';

const overview: Dashboard = {
  name: 'overview',
  title: 'Overview',
  about: 'Whether Switchboard is well, what people do with it, and what that costs.',
  rows: {
    Now: [
      {
        title: 'Firing',
        about: 'Each alarm names its page in docs/runbooks.',
        unit: 'short',
        kind: 'stat',
        red: { above: 1 },
        queries: { '{{severity}}': 'count by (severity) (ALERTS{alertstate="firing"}) or on() vector(0)' },
      },
      {
        title: 'Services that answer',
        unit: 'percentunit',
        kind: 'stat',
        red: { below: 1 },
        queries: { all: 'avg(up{job="switchboard"})' },
      },
      {
        title: 'Active people',
        about: 'Of those who agreed to be counted: today, in 7 and in 30 days (UTC).',
        unit: 'short',
        kind: 'stat',
        queries: { '{{period}}': 'max by (period) (business_active_people)' },
      },
      {
        title: 'Cost within 24 hours',
        unit: 'currencyUSD',
        kind: 'stat',
        queries: {
          models: 'sum(max without (instance) (increase(business_model_cost_usd_total[24h])))',
          speech: 'sum(max without (instance) (increase(business_speech_cost_usd_total[24h])))',
        },
      },
    ],
    People: [
      {
        title: 'Messages',
        unit: 'cps',
        stacked: true,
        queries: { '{{kind}}': sharedRate('business_messages_total', 'kind') },
      },
      {
        title: 'Replies',
        unit: 'cps',
        stacked: true,
        queries: { '{{outcome}}': sharedRate('business_replies_total', 'outcome') },
      },
      { title: 'New contacts', unit: 'cps', queries: { '{{bot}}': sharedRate('business_contacts_total', 'bot') } },
    ],
    'What it costs': [
      {
        title: 'Cost of models, by the hour',
        unit: 'currencyUSD',
        stacked: true,
        queries: { '{{model}}': `3600 * ${sharedRate('business_model_cost_usd_total', 'model')}` },
      },
      { title: 'Tokens', unit: 'cps', queries: { '{{kind}}': sharedRate('business_model_tokens_total', 'kind') } },
      {
        title: 'Cost of a reply',
        unit: 'currencyUSD',
        about: 'All that models cost, by the replies of the same time.',
        queries: {
          '{{bot}}': `${sharedRate('business_model_cost_usd_total', 'bot')} / ${sharedRate('business_replies_total', 'bot')}`,
        },
      },
    ],
    'How well it works': [
      {
        title: 'Turns',
        about: 'From the begin of a turn until its reply was recorded, and until its first words.',
        unit: 's',
        queries: {
          ...percentiles('turn_seconds', ''),
          'first words p95': quantile(0.95, 'turn_first_text_seconds', ''),
        },
      },
      { title: 'Deliveries', unit: 's', queries: percentiles('delivery_seconds', '') },
      {
        title: 'Requests from outside that fail',
        unit: 'percentunit',
        about: 'Answered with 5xx. GatewayErrors fires above the line.',
        red: { above: 0.05 },
        queries: {
          all: `(sum(rate(gateway_request_duration_seconds_count{status=~"5.."}${STEP})) or vector(0)) / sum(rate(gateway_request_duration_seconds_count${STEP}))`,
        },
      },
      {
        title: 'Third parties that fail',
        unit: 'percentunit',
        about: 'ThirdPartyOutage fires above the line.',
        red: { above: 0.5 },
        queries: {
          '{{provider}}': `(sum by (provider) (rate(third_party_call_seconds_count{outcome!="ok"}${STEP})) or 0 * sum by (provider) (rate(third_party_call_seconds_count${STEP}))) / sum by (provider) (rate(third_party_call_seconds_count${STEP}))`,
        },
      },
      {
        title: 'Oldest unpublished event',
        unit: 's',
        red: { above: 30 },
        queries: { '{{service}}': 'max by (service) (bus_outbox_oldest_unpublished_seconds)' },
      },
      {
        title: 'Dead letters and failed jobs',
        unit: 'short',
        red: { above: 1 },
        queries: {
          '{{service}} events':
            'sum by (service) (max without (instance) (bus_parked_events{state="dead"}) or bus_relay_leader * 0)',
          '{{service}} jobs': 'max by (service) (jobs_waiting{state="failed"})',
        },
      },
    ],
  },
};

const turns: Dashboard = {
  name: 'turns',
  title: 'Turns and models',
  about: 'How assistants answer, and what models are asked for that.',
  variables: [BOT],
  rows: {
    Turns: [
      {
        title: 'Replies, by outcome',
        unit: 'cps',
        stacked: true,
        queries: { '{{outcome}}': sharedRate('business_replies_total', 'outcome', OF_BOT) },
      },
      { title: 'Until the reply was recorded', unit: 's', queries: percentiles('turn_seconds', 'outcome') },
      { title: 'Until the first words', unit: 's', queries: percentiles('turn_first_text_seconds', '') },
      {
        title: 'Turns that failed by an error of ours',
        about: 'TurnsFailed fires for any.',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{service}}': increase('turns_failed_total', 'service') },
      },
      {
        title: 'Turns that wait for a process',
        unit: 's',
        about: 'For how long the first of them is due.',
        queries: { '{{task}}': 'max by (task) (jobs_oldest_due_seconds{task="answer-turn"})' },
      },
      {
        title: 'Tries of turns',
        unit: 'cps',
        queries: { '{{outcome}}': rate('job_seconds_count', 'outcome', 'task="answer-turn"') },
      },
    ],
    Models: [
      {
        title: 'Calls',
        unit: 'cps',
        queries: { '{{model}} {{outcome}}': sharedRate('business_model_calls_total', 'model, outcome', OF_BOT) },
      },
      {
        title: 'Calls, by purpose',
        unit: 'cps',
        stacked: true,
        queries: { '{{purpose}}': sharedRate('business_model_calls_total', 'purpose', OF_BOT) },
      },
      {
        title: 'Time of a call',
        unit: 's',
        queries: percentiles('third_party_call_seconds', 'provider', 'operation=~"chat|embed"'),
      },
      {
        title: 'Tokens of input, and cached ones among them',
        unit: 'cps',
        queries: {
          '{{model}} {{kind}}': sharedRate('business_model_tokens_total', 'model, kind', `kind=~".*input",${OF_BOT}`),
        },
      },
      {
        title: 'Tokens of output',
        unit: 'cps',
        queries: { '{{model}}': sharedRate('business_model_tokens_total', 'model', `kind="output",${OF_BOT}`) },
      },
      {
        title: 'Input that models had cached',
        unit: 'percentunit',
        queries: {
          '{{model}}': `${sharedRate('business_model_tokens_total', 'model', `kind="cached_input",${OF_BOT}`)} / ${sharedRate('business_model_tokens_total', 'model', `kind="input",${OF_BOT}`)}`,
        },
      },
    ],
    Money: [
      {
        title: 'Cost of bots, by the hour',
        unit: 'currencyUSD',
        stacked: true,
        queries: { '{{bot}}': `3600 * ${sharedRate('business_model_cost_usd_total', 'bot', OF_BOT)}` },
      },
      {
        title: 'Cost of purposes, by the hour',
        unit: 'currencyUSD',
        stacked: true,
        queries: { '{{purpose}}': `3600 * ${sharedRate('business_model_cost_usd_total', 'purpose', OF_BOT)}` },
      },
      {
        title: 'Cost of a thousand tokens',
        unit: 'currencyUSD',
        queries: {
          '{{model}}': `1000 * ${sharedRate('business_model_cost_usd_total', 'model', OF_BOT)} / ${sharedRate('business_model_tokens_total', 'model', `kind=~"input|output",${OF_BOT}`)}`,
        },
      },
    ],
    'Knowledge and models to come': [
      {
        title: 'Files that could not be read',
        about: 'KnowledgeUnread fires for any.',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{bot}}': `max by (bot) (knowledge_unread_files{${OF_BOT}})` },
      },
      {
        title: 'Passages that look like orders to a model',
        unit: 'short',
        queries: { '{{bot}}': `max by (bot) (knowledge_suspicious_chunks{${OF_BOT}})` },
      },
      {
        title: 'Folders that are suddenly empty',
        unit: 'short',
        red: { above: 1 },
        empty: 'none is',
        queries: { '{{bot}}': `max by (bot) (knowledge_folder_emptied{${OF_BOT}})` },
      },
      {
        title: 'Models, by what their server says of them',
        unit: 'short',
        queries: { '{{model}} {{status}}': 'max by (host, model, status) (model_status) > 0' },
      },
      {
        title: 'Until a model is switched off',
        about: 'ModelEnding fires when it is soon.',
        unit: 's',
        signed: true,
        empty: 'no server says so of any',
        queries: { '{{model}} of {{host}}': 'min by (host, model) (model_shutdown_timestamp_seconds) - time()' },
      },
      {
        title: 'Questions of voice that ended',
        unit: 'cps',
        queries: { '{{outcome}}': rate('transcriptions_total', 'outcome') },
      },
    ],
  },
};

const channels: Dashboard = {
  name: 'channels',
  title: 'Channels',
  about: 'What comes in from messengers, what goes out to them, and speech.',
  variables: [BOT],
  rows: {
    'Coming in': [
      {
        title: 'Updates',
        unit: 'cps',
        stacked: true,
        queries: { '{{bot}} {{kind}}': rate('updates_total', 'bot, kind', OF_BOT) },
      },
      {
        title: 'Since the channel last answered',
        about: 'UpdatesNotArriving fires above the line.',
        unit: 's',
        red: { above: 900 },
        queries: { '{{bot}}': `time() - max by (bot) (receiving_contact_timestamp_seconds{${OF_BOT}})` },
      },
      {
        title: 'Updates that wait in the channel',
        unit: 'short',
        empty: 'updates come by long polling: only webhooks are asked after',
        queries: { '{{bot}}': `max by (bot) (receiving_waiting_updates{${OF_BOT}})` },
      },
      {
        title: 'Since the channel last failed to bring an update',
        unit: 's',
        about: 'WebhookFailing fires when it keeps failing.',
        empty: 'no webhook has failed',
        queries: { '{{bot}}': `time() - max by (bot) (receiving_failed_timestamp_seconds{${OF_BOT}})` },
      },
      {
        title: 'Tokens that another program uses',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{bot}}': `max by (bot) (receiving_elsewhere{${OF_BOT}})` },
      },
      {
        title: 'Accounts that have to be connected anew',
        about: 'ChannelConnectionLost fires for any.',
        unit: 'short',
        red: { above: 1 },
        queries: {
          '{{bot}} {{state}}': `max by (bot, state) (channel_connection_state{${OF_BOT}, state!="connected"}) or vector(0)`,
        },
      },
      {
        title: 'Until the token of an account ends',
        about: 'ChannelTokenEnding fires below five days.',
        unit: 's',
        empty: 'no account is connected by the page of its channel',
        queries: { '{{bot}}': `max by (bot) (channel_connection_expires_timestamp_seconds{${OF_BOT}}) - time()` },
      },
      {
        title: 'Updates that could not be processed',
        about: 'UpdatesQuarantined fires for any.',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{bot}}': `max by (bot) (updates_quarantined{${OF_BOT}}) or vector(0)` },
      },
    ],
    'Going out': [
      {
        title: 'Deliveries',
        unit: 'cps',
        stacked: true,
        queries: { '{{kind}} {{outcome}}': rate('deliveries_total', 'kind, outcome', OF_BOT) },
      },
      { title: 'From queued to accepted by the channel', unit: 's', queries: percentiles('delivery_seconds', 'kind') },
      {
        title: 'Given up within the last hour',
        about: 'DeliveriesGivenUp fires, but for people who block a bot.',
        unit: 'short',
        empty: 'no delivery was given up',
        queries: { '{{bot}} {{reason}}': `max by (bot, reason) (deliveries_given_up{${OF_BOT}})` },
      },
      {
        title: 'Sent again without knowing whether it arrived',
        unit: 'short',
        empty: 'no connection broke in the middle of a call',
        queries: { '{{bot}} {{cause}}': increase('deliveries_outcome_unknown_total', 'bot, cause', OF_BOT) },
      },
      {
        title: 'Previews of answers being written',
        unit: 'cps',
        queries: { '{{how}} {{outcome}}': rate('previews_total', 'how, outcome') },
      },
      {
        title: 'Calls of channels',
        unit: 's',
        queries: {
          '{{provider}} p95': quantile(0.95, 'third_party_call_seconds', 'provider', 'service="bot-adapter"'),
        },
      },
    ],
    Speech: [
      {
        title: 'Requests',
        unit: 'cps',
        stacked: true,
        queries: { '{{outcome}}': rate('speech_requests_total', 'outcome') },
      },
      {
        title: 'Speech that was made, each second',
        unit: 's',
        queries: { '{{engine}}': rate('speech_synthesized_seconds_total', 'engine') },
      },
      {
        title: 'Voice messages that were understood, or why not',
        unit: 'cps',
        queries: { '{{outcome}}': rate('transcriptions_total', 'outcome') },
      },
      {
        title: 'Cost by the hour',
        unit: 'currencyUSD',
        queries: {
          '{{engine}} {{purpose}}': `3600 * ${sharedRate('business_speech_cost_usd_total', 'engine, purpose', OF_BOT)}`,
        },
      },
      {
        title: 'Times that the offline engine had to speak',
        unit: 'short',
        queries: { '{{service}}': increase('speech_fallbacks_total', 'service') },
      },
      {
        title: 'Calls that no budget was left for',
        unit: 'short',
        empty: 'no budget is used up',
        queries: { '{{purpose}}': increase('speech_budget_refusals_total', 'purpose') },
      },
    ],
  },
};

const gateway: Dashboard = {
  name: 'gateway',
  title: 'Gateway',
  about: 'What comes from outside: requests, who asks, sign-ins, limits, the audit log and webhooks.',
  rows: {
    Requests: [
      {
        title: 'By service',
        unit: 'reqps',
        stacked: true,
        queries: { '{{service}}': rate('gateway_request_duration_seconds_count', 'service') },
      },
      {
        title: 'By status',
        unit: 'reqps',
        stacked: true,
        queries: { '{{status}}': rate('gateway_request_duration_seconds_count', 'status') },
      },
      {
        title: 'By who asks',
        unit: 'reqps',
        stacked: true,
        queries: { '{{caller}}': rate('gateway_request_duration_seconds_count', 'caller') },
      },
      {
        title: 'Time until the answer was through',
        about: 'Without those who have gone, and without streams. GatewaySlow fires above the line.',
        unit: 's',
        red: { above: 2 },
        queries: percentiles(
          'gateway_request_duration_seconds',
          'service',
          'status!="499",route!="chat-ai.prompts.try"',
        ),
      },
      {
        title: 'The ten slowest routes, p95',
        unit: 's',
        queries: { '{{route}}': `topk(10, ${quantile(0.95, 'gateway_request_duration_seconds', 'route')})` },
      },
      {
        title: 'Errors, by route',
        about: 'GatewayErrors fires when they are more than 5 % of a service.',
        unit: 'reqps',
        queries: {
          '{{route}} {{status}}': `${rate('gateway_request_duration_seconds_count', 'route, status', 'status=~"5.."')} or vector(0)`,
        },
      },
      {
        title: 'Under way to services',
        about: '`queued` has no connection yet; after five seconds without one it is refused with 503.',
        unit: 'short',
        stacked: true,
        queries: {
          '{{service}} {{pool}} {{state}}': 'sum by (service, pool, state) (gateway_upstream_requests)',
        },
      },
    ],
    'Who comes in': [
      {
        title: 'Steps of sign-ins, by status',
        about:
          '401 and 403 are refused, 429 came too often. SignInsUnderAttack fires at a hundred of them in ten minutes.',
        unit: 'short',
        stacked: true,
        queries: {
          '{{route}} {{status}}': increase('gateway_request_duration_seconds_count', 'route, status', SIGN_INS),
        },
      },
      {
        title: 'Sign-ins of people, by provider',
        unit: 'short',
        queries: { '{{provider}} {{outcome}}': increase('sign_ins_total', 'provider, outcome') },
      },
      {
        title: 'Requests that a limit refused',
        unit: 'reqps',
        empty: 'nobody came too often',
        queries: { '{{limit}}': rate('gateway_limited_requests_total', 'limit') },
      },
      {
        title: 'Passkeys used by a copy of themselves',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{service}}': increase('staff_passkey_clones_total', 'service') },
      },
      {
        title: 'Owners who came in without single sign-on',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{service}}': increase('staff_break_glass_sign_ins_total', 'service') },
      },
      {
        title: 'Errors in browsers',
        about:
          'As our pages told of them; what is dropped is counted, but not in the log. BrowserErrors fires above twenty in ten minutes.',
        unit: 'short',
        empty: 'no page told of one',
        queries: { '{{app}} {{outcome}}': increase('gateway_browser_errors_total', 'app, outcome') },
      },
      {
        title: 'Acts that need a second person',
        unit: 'short',
        empty: 'nobody asked for one',
        queries: { '{{outcome}}': increase('approvals_total', 'outcome') },
      },
      {
        title: 'Redis is away',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{instance}}': 'max by (instance) (gateway_limits_store_away)' },
      },
    ],
    'Audit log': [
      { title: 'Entries', unit: 'short', queries: { '{{result}}': increase('audit_entries_total', 'result') } },
      {
        title: 'Places that do not fit their hashes or signatures',
        about: 'AuditLogBroken fires for any.',
        unit: 'short',
        red: { above: 1 },
        queries: { '{{service}}': 'max by (service) (audit_findings)' },
      },
      {
        title: 'For how long it has not been signed',
        unit: 's',
        red: { above: 1800 },
        queries: { '{{service}}': 'max by (service) (audit_unsigned_seconds)' },
      },
    ],
    Webhooks: [
      {
        title: 'Requests to endpoints',
        unit: 'cps',
        stacked: true,
        queries: { '{{outcome}}': rate('webhook_attempts_total', 'outcome') },
      },
      {
        title: 'How long endpoints take',
        unit: 's',
        queries: percentiles('webhook_attempt_duration_seconds', 'answer'),
      },
      {
        title: 'Endpoints, by state',
        unit: 'short',
        stacked: true,
        queries: { '{{state}}': 'max by (state) (webhook_endpoints)' },
      },
      {
        title: 'For how long the next one is due',
        about: 'WebhooksOverdue fires above the line.',
        unit: 's',
        red: { above: 300 },
        queries: { '{{service}}': 'max by (service) (webhook_overdue_seconds)' },
      },
      {
        title: 'For how long the oldest one waits for its turn',
        about: 'At an endpoint that is slow. WebhooksBacklogged fires above the line.',
        unit: 's',
        red: { above: 3600 },
        queries: { '{{service}}': 'max by (service) (webhook_waiting_seconds)' },
      },
    ],
    Backups: [
      {
        title: 'Age of the latest backup',
        about: 'InstallationBackupOld fires above the line.',
        unit: 's',
        red: { above: 93_600 },
        queries: { '{{service}}': 'max by (service) (backup_age_seconds)' },
      },
      {
        title: 'Age of the latest copy elsewhere',
        about: 'BackupOffSiteOld fires above the line.',
        unit: 's',
        red: { above: 129_600 },
        empty: 'no storage elsewhere is set',
        queries: { '{{service}}': 'max by (service) (backup_off_site_age_seconds)' },
      },
      {
        title: 'Age of the latest one that could be restored on trial',
        about: 'BackupUntried fires above the line.',
        unit: 's',
        red: { above: 777_600 },
        queries: { '{{service}}': 'max by (service) (backup_trial_age_seconds)' },
      },
      {
        title: 'Size of the latest backup',
        unit: 'bytes',
        empty: 'none has been written yet',
        queries: { '{{service}}': 'max by (service) (backup_bytes)' },
      },
    ],
  },
};

const analytics: Dashboard = {
  name: 'analytics',
  title: 'Analytics',
  about: 'Whether what is counted is whole and new, and what is out of the ordinary.',
  rows: {
    Events: [
      {
        title: 'Events, by what became of them',
        unit: 'cps',
        stacked: true,
        queries: { '{{result}}': rate('analytics_events_total', 'result') },
      },
      { title: 'From happened to counted', unit: 's', queries: percentiles('analytics_event_lag_seconds', '') },
      {
        title: 'More than five minutes late',
        about: 'StatisticsLate fires above the line.',
        unit: 'percentunit',
        red: { above: 0.5 },
        queries: {
          '{{service}}': `1 - sum by (service) (rate(analytics_event_lag_seconds_bucket{le=~"300([.]0)?"}${STEP})) / ${rate('analytics_event_lag_seconds_count', 'service')}`,
        },
      },
      {
        title: 'Set aside',
        about: 'EventsQuarantined fires for any.',
        unit: 'short',
        red: { above: 1 },
        empty: 'every event fits',
        queries: { '{{reason}}': 'max by (reason) (analytics_quarantined_events)' },
      },
      {
        title: 'Time of storing and counting',
        unit: 's',
        queries: percentiles('bus_handler_seconds', 'group', 'service="analytics"'),
      },
      {
        title: 'Events in a transaction',
        unit: 'short',
        queries: {
          '{{group}}': `${rate('bus_inbox_batch_events_sum', 'group', 'service="analytics"')} / ${rate('bus_inbox_batch_events_count', 'group', 'service="analytics"')}`,
        },
      },
    ],
    'What is kept, and what is out of the ordinary': [
      {
        title: 'Age of the latest backup',
        about: 'BackupOld fires above the line.',
        unit: 's',
        red: { above: 129_600 },
        queries: { '{{service}}': 'time() - max by (service) (analytics_backup_timestamp_seconds)' },
      },
      {
        title: 'Backups in storage',
        about: 'BackupMissing fires when there is none for a day and a half.',
        unit: 'short',
        queries: { '{{service}}': 'max by (service) (analytics_backups)' },
      },
      {
        title: 'Since nightly and hourly work was done',
        unit: 's',
        queries: {
          '{{task}}': 'time() - max by (task) (periodic_task_last_success_timestamp_seconds{service="analytics"} > 0)',
        },
      },
      {
        title: 'Alerts on usage that fire',
        about: 'UsageAlertUnattended fires for critical ones that nobody has acknowledged.',
        unit: 'short',
        red: { above: 1 },
        empty: 'usage is as usual',
        queries: { '{{rule}} {{severity}}': 'max by (rule, severity, acknowledged) (analytics_alerts)' },
      },
      {
        title: 'Active people',
        about: 'Of those who agreed to be counted.',
        unit: 'short',
        queries: { '{{period}}': 'max by (period) (business_active_people)' },
      },
      {
        title: 'Jobs',
        unit: 'cps',
        queries: { '{{task}} {{outcome}}': rate('job_seconds_count', 'task, outcome', 'service="analytics"') },
      },
      {
        title: 'Jobs that wait',
        unit: 'short',
        queries: { '{{state}}': 'max by (state) (jobs_waiting{service="analytics"})' },
      },
    ],
  },
};

const OF_SERVICE = 'service=~"$service"';

const service: Dashboard = {
  name: 'service',
  title: 'Service',
  about: 'One service, as any other.',
  variables: [{ name: 'service', label: 'Service', values: SERVICES, single: true }],
  rows: {
    Process: [
      {
        title: 'Processes that answer',
        unit: 'short',
        kind: 'stat',
        red: { below: 1 },
        queries: {
          '{{instance}}': `max by (instance) (up{job="switchboard"} * on (instance) group_left () (bus_relay_leader{${OF_SERVICE}} * 0 + 1))`,
        },
      },
      {
        title: 'Memory',
        about: 'Of the whole process, where several services share one.',
        unit: 'bytes',
        queries: { '{{instance}}': `max by (instance) (process_resident_memory_bytes)` },
      },
      {
        title: 'CPU',
        unit: 'percentunit',
        queries: { '{{instance}}': `max by (instance) (rate(process_cpu_seconds_total${STEP}))` },
      },
      {
        title: 'Lag of the event loop, p99',
        unit: 's',
        queries: { '{{instance}}': 'max by (instance) (nodejs_eventloop_lag_p99_seconds)' },
      },
    ],
    HTTP: [
      {
        title: 'Requests',
        unit: 'reqps',
        stacked: true,
        queries: { '{{status}}': rate('http_server_request_duration_seconds_count', 'status', OF_SERVICE) },
      },
      {
        title: 'Routes, p95',
        unit: 's',
        queries: {
          '{{method}} {{route}}': quantile(0.95, 'http_server_request_duration_seconds', 'method, route', OF_SERVICE),
        },
      },
      {
        title: 'Callers that are not believed',
        unit: 'short',
        empty: 'every token is good',
        queries: { '{{reason}}': increase('service_identity_refusals_total', 'reason', OF_SERVICE) },
      },
    ],
    Events: [
      {
        title: 'Published',
        unit: 'cps',
        queries: { '{{service}}': rate('bus_relay_published_total', 'service', OF_SERVICE) },
      },
      {
        title: 'Handled',
        unit: 'cps',
        stacked: true,
        queries: { '{{group}} {{outcome}}': rate('bus_handler_seconds_count', 'group, outcome', OF_SERVICE) },
      },
      {
        title: 'Handlers, p95',
        unit: 's',
        queries: { '{{group}}': quantile(0.95, 'bus_handler_seconds', 'group', OF_SERVICE) },
      },
    ],
    'Jobs and third parties': [
      {
        title: 'Jobs',
        unit: 'cps',
        queries: { '{{task}} {{outcome}}': rate('job_seconds_count', 'task, outcome', OF_SERVICE) },
      },
      { title: 'Jobs, p95', unit: 's', queries: { '{{task}}': quantile(0.95, 'job_seconds', 'task', OF_SERVICE) } },
      {
        title: 'Periodic tasks',
        unit: 'cps',
        queries: { '{{task}} {{outcome}}': rate('periodic_task_runs_total', 'task, outcome', OF_SERVICE) },
      },
      {
        title: 'Calls to third parties',
        unit: 'cps',
        queries: {
          '{{provider}} {{outcome}}': rate('third_party_call_seconds_count', 'provider, outcome', OF_SERVICE),
        },
      },
      {
        title: 'Third parties, p95',
        unit: 's',
        queries: {
          '{{provider}} {{operation}}': quantile(0.95, 'third_party_call_seconds', 'provider, operation', OF_SERVICE),
        },
      },
      {
        title: 'Personal values that could not be read',
        unit: 'short',
        empty: 'every value is readable',
        queries: { '{{table}} {{reason}}': increase('personal_values_unreadable_total', 'table, reason', OF_SERVICE) },
      },
    ],
  },
};

const backbone: Dashboard = {
  name: 'backbone',
  title: 'Backbone',
  about: 'Events of Switchboard on their way: outbox, broker, inbox, dead letters, jobs and third parties.',
  variables: [{ name: 'service', label: 'Service', values: SERVICES }],
  rows: {
    Alarms: [
      {
        title: 'Firing',
        unit: 'short',
        about: 'Each alarm names its page in docs/runbooks.',
        kind: 'stat',
        red: { above: 1 },
        queries: {
          '{{alertname}} {{severity}}':
            'count by (alertname, severity) (ALERTS{alertstate="firing"}) or on() vector(0)',
        },
      },
      {
        title: 'Processes that answer',
        unit: 'short',
        kind: 'stat',
        red: { below: 1 },
        queries: { '{{instance}}': 'min by (instance) (up{job="switchboard"})' },
      },
    ],
    'From the outbox to the broker': [
      {
        title: 'Oldest unpublished event',
        unit: 's',
        about: 'Milliseconds when all is well. OutboxStuck fires above the line.',
        red: { above: 30 },
        queries: { '{{service}}': 'max by (service) (bus_outbox_oldest_unpublished_seconds{service=~"$service"})' },
      },
      {
        title: 'Waiting in the outbox',
        unit: 'short',
        queries: { '{{service}}': 'max by (service) (bus_outbox_depth{service=~"$service"})' },
      },
      {
        title: 'Published',
        unit: 'cps',
        queries: {
          '{{service}}': 'sum by (service) (rate(bus_relay_published_total{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Confirmation by the broker',
        unit: 's',
        queries: {
          '{{service}} p50':
            'histogram_quantile(0.5, sum by (service, le) (rate(bus_relay_publish_seconds_bucket{service=~"$service"}[$__rate_interval])))',
          '{{service}} p99':
            'histogram_quantile(0.99, sum by (service, le) (rate(bus_relay_publish_seconds_bucket{service=~"$service"}[$__rate_interval])))',
        },
      },
      {
        title: 'Batches sent again',
        unit: 'cps',
        queries: {
          '{{service}}': 'sum by (service) (rate(bus_relay_failures_total{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Relay leaders',
        unit: 'short',
        about: 'One process carries the events of each service; without one RelayLeaderMissing fires.',
        queries: { '{{service}}': 'sum by (service) (bus_relay_leader{service=~"$service"})' },
      },
      {
        title: 'Events that nobody hears',
        unit: 'short',
        about: 'Some have no listener by design: docs/events.md says "nobody".',
        queries: {
          '{{type}}': 'sum by (type) (increase(bus_relay_unroutable_total{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Abandoned groups',
        unit: 'short',
        about: 'Queues that no process consumes any more and that still hold something.',
        red: { above: 1 },
        empty: 'no release has removed a group',
        queries: { '{{service}}.{{group}}': 'max by (service, group) (bus_abandoned_groups{service=~"$service"})' },
      },
      {
        title: 'Connected to the broker',
        unit: 'short',
        about: '1 while a process can publish and consume.',
        red: { below: 1 },
        queries: {
          '{{service}} {{instance}}': 'min by (service, instance) (bus_broker_connected{service=~"$service"})',
        },
      },
    ],
    Handlers: [
      {
        title: 'Handler, median',
        unit: 's',
        queries: {
          '{{service}}.{{group}}':
            'histogram_quantile(0.5, sum by (service, group, le) (rate(bus_handler_seconds_bucket{service=~"$service"}[$__rate_interval])))',
        },
      },
      {
        title: 'Handler, 99th percentile',
        unit: 's',
        about: 'HandlerSlow fires above the line.',
        red: { above: 1 },
        queries: {
          '{{service}}.{{group}}':
            'histogram_quantile(0.99, sum by (service, group, le) (rate(bus_handler_seconds_bucket{service=~"$service"}[$__rate_interval])))',
        },
      },
      {
        title: 'Calls',
        unit: 'cps',
        queries: {
          '{{service}}.{{group}} {{outcome}}':
            'sum by (service, group, outcome) (rate(bus_handler_seconds_count{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Retries',
        unit: 'cps',
        empty: 'nothing has failed',
        queries: {
          '{{service}}.{{group}} {{type}}':
            'sum by (service, group, type) (rate(bus_retries_total{service=~"$service"}[$__rate_interval]))',
          '{{service}} lacks the key {{key}}':
            'sum by (service, key) (rate(encryption_key_missing_total{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Parked: retrying or dead',
        unit: 'short',
        about: 'DeadLetters fires for any that is dead.',
        stacked: true,
        empty: 'nothing is tried again',
        queries: {
          '{{service}}.{{group}} {{state}}': 'max by (service, group, state) (bus_parked_events{service=~"$service"})',
        },
      },
      {
        title: 'Given up, by reason',
        unit: 'short',
        stacked: true,
        empty: 'nothing was given up',
        queries: {
          '{{service}}.{{group}} {{reason}}':
            'sum by (service, group, reason) (increase(bus_dead_lettered_total{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Duplicates absorbed',
        unit: 'cps',
        about: 'Repeated after a crash or a lost confirmation; harmless.',
        empty: 'nothing was said twice',
        queries: {
          '{{service}}.{{group}}':
            'sum by (service, group) (rate(bus_duplicates_absorbed_total{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Events in a transaction',
        unit: 'short',
        about: 'More of them together means more load, taken well.',
        queries: {
          '{{service}}.{{group}}':
            'sum by (service, group) (rate(bus_inbox_batch_events_sum{service=~"$service"}[$__rate_interval])) / sum by (service, group) (rate(bus_inbox_batch_events_count{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Batches that wait for the database',
        unit: 'short',
        about: 'Held by consumers until the database takes them.',
        red: { above: 1 },
        empty: 'the database takes everything',
        queries: { '{{service}}.{{group}}': 'sum by (service, group) (bus_batches_held{service=~"$service"})' },
      },
    ],
    'Jobs and third parties': [
      {
        title: 'Jobs that wait',
        unit: 'short',
        stacked: true,
        queries: { '{{service}} {{state}}': 'max by (service, state) (jobs_waiting{service=~"$service"})' },
      },
      {
        title: 'Jobs, 99th percentile',
        unit: 's',
        queries: {
          '{{service}} {{task}}':
            'histogram_quantile(0.99, sum by (service, task, le) (rate(job_seconds_bucket{service=~"$service"}[$__rate_interval])))',
        },
      },
      {
        title: 'Jobs, by outcome',
        unit: 'cps',
        queries: {
          '{{service}} {{outcome}}':
            'sum by (service, outcome) (rate(job_seconds_count{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Calls to third parties',
        unit: 'cps',
        about: 'ThirdPartyOutage fires when more than half of them fail.',
        queries: {
          '{{provider}} {{outcome}}':
            'sum by (provider, outcome) (rate(third_party_call_seconds_count{service=~"$service"}[$__rate_interval]))',
        },
      },
      {
        title: 'Third parties, 99th percentile',
        unit: 's',
        queries: {
          '{{provider}} {{operation}}':
            'histogram_quantile(0.99, sum by (provider, operation, le) (rate(third_party_call_seconds_bucket{service=~"$service"}[$__rate_interval])))',
        },
      },
      {
        title: 'HTTP, 99th percentile',
        unit: 's',
        queries: {
          '{{service}} {{route}}':
            'histogram_quantile(0.99, sum by (service, route, le) (rate(http_server_request_duration_seconds_bucket{service=~"$service"}[$__rate_interval])))',
        },
      },
      {
        title: 'Jobs that nobody takes',
        unit: 's',
        queries: { '{{service}} {{task}}': 'max by (service, task) (jobs_oldest_due_seconds{service=~"$service"})' },
      },
      {
        title: 'Periodic tasks that are late',
        unit: 's',
        queries: { '{{service}} {{task}}': 'max by (service, task) (periodic_task_late_seconds{service=~"$service"})' },
      },
      {
        title: 'Periodic tasks, since their last success',
        unit: 's',
        queries: {
          '{{service}} {{task}}':
            'time() - max by (service, task) (periodic_task_last_success_timestamp_seconds{service=~"$service"} > 0)',
        },
      },
    ],
    Broker: [
      {
        title: 'Waiting in queues',
        unit: 'short',
        about: 'Of all queues. In hand means given to a consumer and not yet settled.',
        empty: 'the job rabbitmq is not scraped',
        queries: { ready: 'sum(rabbitmq_queue_messages_ready)', 'in hand': 'sum(rabbitmq_queue_messages_unacked)' },
      },
      {
        title: 'Connections and consumers',
        unit: 'short',
        about: 'Two connections of each process; a consumer for each batch that a group may have in hand.',
        empty: 'the job rabbitmq is not scraped',
        queries: { connections: 'sum(rabbitmq_connections)', consumers: 'sum(rabbitmq_consumers)' },
      },
      {
        title: 'Alarms of the broker',
        unit: 'short',
        about: '1 while RabbitMQ is short of memory or disk and takes no events.',
        red: { above: 1 },
        empty: 'the job rabbitmq is not scraped',
        queries: {
          memory: 'max(rabbitmq_alarms_memory_used_watermark)',
          disk: 'max(rabbitmq_alarms_free_disk_space_watermark)',
        },
      },
    ],
    'Bots and models': [
      {
        title: 'Descriptions of bots with mistakes',
        unit: 'short',
        about: 'These bots go on with the last good description of theirs.',
        red: { above: 1 },
        queries: { '{{service}}': 'max by (service) (bot_descriptions_broken{service=~"$service"})' },
      },
      {
        title: 'Until a model is switched off',
        unit: 's',
        about: 'As far as its server tells; see also model_status.',
        red: { below: 2592000 },
        empty: 'no server says so of any',
        queries: {
          '{{model}} of {{host}}':
            'min by (host, model) (model_shutdown_timestamp_seconds{service=~"$service"}) - time()',
        },
      },
    ],
    'Clocks and identities': [
      {
        title: 'Clocks, ahead of the database',
        unit: 's',
        about: 'Negative: behind. Services bear half a minute of each other.',
        red: { above: 15 },
        signed: true,
        queries: { '{{service}} {{instance}}': 'max by (service, instance) (clock_skew_seconds{service=~"$service"})' },
      },
      {
        title: 'Callers that are not believed',
        unit: 'short',
        about: 'Refused tokens in ten minutes, by the reason.',
        red: { above: 3 },
        empty: 'every token is good',
        queries: {
          '{{service}}: {{reason}}':
            'sum by (service, reason) (increase(service_identity_refusals_total{service=~"$service"}[10m]))',
        },
      },
    ],
  },
};

const shop: Dashboard = {
  name: 'shop',
  title: 'Shop and VPN',
  about: 'What is sold, whether it is paid and served, and how the servers are.',
  rows: {
    Now: [
      {
        title: 'Paid and not served',
        unit: 's',
        kind: 'stat',
        red: { above: 60 },
        about: 'For how long whoever waits longest has waited.',
        queries: { longest: 'max(vpn_paid_not_served_age_seconds)' },
      },
      {
        title: 'Who waits',
        unit: 'short',
        kind: 'stat',
        red: { above: 1 },
        queries: { people: 'max(vpn_paid_not_served_accesses)' },
      },
      {
        title: 'Bought within an hour',
        unit: 'short',
        kind: 'stat',
        queries: { '{{bot}}': 'max by (bot) (payments_purchases_within_hour)' },
      },
      {
        title: 'Servers that are up',
        unit: 'percentunit',
        kind: 'stat',
        red: { below: 1 },
        queries: { all: 'avg(max by (server) (vpn_server_up))' },
      },
    ],
    Sales: [
      {
        title: 'Purchases, by the hour',
        unit: 'short',
        stacked: true,
        about: 'Orders that were paid within the hour before, also from a balance.',
        queries: { '{{bot}}': 'max by (bot) (payments_purchases_within_hour)' },
      },
      {
        title: 'Payments, by the hour',
        unit: 'short',
        stacked: true,
        about: 'That providers have taken.',
        queries: { '{{provider}}': 'max by (provider) (payments_taken_within_hour)' },
      },
      {
        title: 'Providers that have not answered',
        unit: 's',
        red: { above: 900 },
        queries: { '{{what}}': 'max by (what) (payments_unanswered_age_seconds)' },
      },
      {
        title: 'Books that differ',
        unit: 'short',
        red: { above: 1 },
        about: 'Payments of the last days that the ledger and a provider do not agree on.',
        queries: { '{{provider}}': 'max by (provider) (payments_reconciliation_differences)' },
      },
      {
        title: 'Paid for orders that are not here',
        unit: 'short',
        red: { above: 1 },
        about: 'A restored backup has lost them, or another installation takes payments by the same account.',
        queries: { '{{provider}}': 'max by (provider) (payments_reconciliation_unknown_orders)' },
      },
      {
        title: 'Accounts that do not hold what was booked',
        unit: 'short',
        red: { above: 1 },
        queries: { accounts: 'max(payments_ledger_imbalances)' },
      },
      {
        title: 'Goods whose pieces do not add up',
        unit: 'short',
        red: { above: 1 },
        queries: { variants: 'max(payments_stock_differences)' },
      },
      {
        title: 'Renewals, by the day',
        unit: 'short',
        stacked: true,
        about: 'Of the 24 hours before. RenewalsFailing fires where most of ten or more fail.',
        queries: { '{{bot}}: {{outcome}}': 'max by (bot, outcome) (payments_renewals_within_day)' },
      },
    ],
    Providers: [
      {
        title: 'Notifications',
        unit: 'cps',
        queries: { '{{provider}}: {{outcome}}': rate('payment_notifications_total', 'provider, outcome') },
      },
      {
        title: 'Notifications that were refused',
        unit: 'short',
        red: { above: 5 },
        empty: 'all bear the mark of their provider',
        queries: {
          '{{provider}}': 'sum by (provider) (increase(payment_notifications_total{outcome="refused"}[10m]))',
        },
      },
      {
        title: 'Calls to providers, p95',
        unit: 's',
        queries: {
          '{{provider}}': quantile(0.95, 'third_party_call_seconds', 'provider', 'service="payments"'),
        },
      },
      {
        title: 'Calls to providers that fail',
        unit: 'cps',
        empty: 'every provider answers',
        queries: {
          '{{provider}}: {{outcome}}': rate(
            'third_party_call_seconds_count',
            'provider, outcome',
            'service="payments", outcome=~"outage|timeout|refused"',
          ),
        },
      },
    ],
    Servers: [
      {
        title: 'Servers',
        unit: 'short',
        red: { below: 1 },
        about: '1 while people are sent there; 0 while it is down, or answers again and is not put right yet.',
        queries: { '{{server}}': 'min by (server) (vpn_server_up)' },
      },
      {
        title: 'How full they are',
        unit: 'percentunit',
        red: { above: 0.9 },
        queries: {
          '{{server}}': 'max by (server) (vpn_server_people) / (max by (server) (vpn_server_capacity_people) > 0)',
        },
      },
      {
        title: 'What panels and clouds do not do',
        unit: 'short',
        empty: 'every panel does what it is asked, and no cloud was asked for a server within a day',
        queries: {
          '{{server}}: {{reason}}': increase('vpn_panel_failures_total', 'server, reason'),
          '{{region}}: not made': 'max by (region) (vpn_servers_not_made_within_day)',
        },
      },
      {
        title: 'What databases, panels and clouds know otherwise',
        unit: 'short',
        empty: 'no database was restored to an older state, and no cloud has servers that nobody knows',
        queries: {
          '{{server}}: people nobody knows': 'max by (server) (vpn_panel_users_held)',
          '{{region}}: servers nobody knows': 'max by (region) (vpn_cloud_servers_unknown)',
          '{{service}}: older subscriptions': increase('vpn_older_states_total', 'service'),
        },
      },
      {
        title: 'Moves under way',
        unit: 'short',
        stacked: true,
        queries: { '{{state}}': 'max by (state) (vpn_access_moves)' },
      },
      {
        title: 'People who were moved',
        unit: 'short',
        empty: 'everybody stays where they are',
        queries: { '{{reason}}': increase('vpn_access_moves_total', 'reason') },
      },
      {
        title: 'Since traffic was counted',
        unit: 's',
        empty: 'no panel has told of traffic yet',
        queries: { '{{server}}': 'time() - max by (server) (vpn_usage_counted_timestamp_seconds)' },
      },
    ],
    'Addresses of people': [
      {
        title: 'Requests',
        unit: 'reqps',
        stacked: true,
        queries: { '{{answer}}': rate('vpn_link_requests_total', 'answer') },
      },
    ],
  },
};

export const DASHBOARDS: readonly Dashboard[] = [
  overview,
  shop,
  turns,
  channels,
  gateway,
  analytics,
  service,
  backbone,
];
