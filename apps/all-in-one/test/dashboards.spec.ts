import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Schedules } from '@switchboard/service-kit';
import { isPrometheusMissing, Prometheus, prometheusProgram, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { signInStaff } from '../../gateway/test/sign-in';
import { Installation } from './installation';
import { Person } from './person';
import { NORTHWIND } from './sandbox';

interface Panel {
  readonly title: string;
  readonly type: string;
  /** `noValue` is what stands in one that may be empty; its description says when. */
  readonly fieldConfig: { readonly defaults: { readonly noValue?: string } };
  readonly targets: readonly { readonly expr: string }[];
}

const folder = join(__dirname, '..', '..', '..', 'deploy', 'grafana', 'dashboards');
const panels = globSync(`${folder}/*.json`).flatMap((file) => {
  const { title, panels } = JSON.parse(readFileSync(file, 'utf8')) as { title: string; panels: Panel[] };
  return panels.flatMap((panel) => (panel.type === 'row' ? [] : [{ ...panel, title: `${title}: ${panel.title}` }]));
});

(isPrometheusMissing() ? describe.skip : describe)('an installation in which people talk', () => {
  let installation: Installation;
  let prometheus: Prometheus;
  let partner: Server;

  beforeAll(async () => {
    partner = createServer((_request, response) => response.end());
    await new Promise<void>((listening) => partner.listen(0, '127.0.0.1', listening));
    installation = await Installation.start({ GATEWAY_WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8' });
    prometheus = await Prometheus.watching(installation.urls);
    await prometheus.scraped();
    await Promise.all([talk(), sell(), comeFromOutside(), work()]);
  }, 120_000);
  afterAll(async () => {
    await prometheus?.stop();
    await installation?.stop();
    partner.close();
  });

  /** Text, the knowledge of the shop, and voice in both directions. */
  async function talk(): Promise<void> {
    const { sandbox } = installation;
    const [anna, emma] = await Promise.all([
      Person.meet(sandbox, 'ru', NORTHWIND.username),
      Person.meet(sandbox, 'en'),
    ]);
    await Promise.all([anna.say('Когда мастерская открыта в субботу?'), emma.say('Why is walking good?')]);
    const [, answer] = await Promise.all([anna.reads(/с 10:00 до 16:00/), emma.reads(/Why is walking good/)]);
    // What comes once begins a series, and a series that does not grow has no rate.
    await until(async () => (await prometheus.query('business_replies_total')).length > 1, { what: 'two replies' });
    await Promise.all([anna.say('А в воскресенье?'), emma.say('And swimming?')]);
    await emma.reads(/And swimming/);
    await emma.press(answer, '🔊 Listen');
    const { voice } = await emma.reads((message) => message.voice !== undefined);
    await sandbox.scriptTranscript('How often shall a wheel be checked?');
    await emma.sendVoice(await sandbox.file(voice!.file_id), voice!.duration);
    await emma.reads(/How often shall a wheel be checked/);
  }

  /** A purchase and a renewal as they are in the books, a server, and requests that are refused: each begins a series. */
  async function sell(): Promise<void> {
    const ask = (url: string, init?: RequestInit) => fetch(url, init).then((answer) => answer.text());
    const { publicUrl } = installation.service('gateway');
    const links = installation.service('vpn-provisioner').publicUrl;
    const comeOnce = async () => {
      const forged = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
      await ask(`${publicUrl}/v1/payments/yookassa/northwind/notifications`, forged);
      await ask(`${links}/s/nobodys`);
    };
    await comeOnce();
    await installation.rows(
      'payments',
      `WITH booked (reason, from_account, to_account) AS
         (VALUES ('payment', 'provider:yookassa', 'customer'), ('purchase', 'customer', 'sales:northwind')),
       person AS (SELECT gen_random_uuid() AS id),
       ordered AS (
         INSERT INTO orders (id, user_id, bot_id, kind, wanted, title, state, currency, list_minor, discount_minor, credit_minor, total_minor,
           locale, created_at, expires_at, paid_at, automatic, revision)
         SELECT gen_random_uuid(), id, 'northwind', 'renewal', '{}', '{}', 'fulfilled', 'RUB', 100, 0, 0, 100, 'en', now(), now(), now(), true, 1 FROM person),
       compared AS (
         INSERT INTO reconciliations (id, bot_id, provider, day, state, revision)
         VALUES (gen_random_uuid(), 'northwind', 'yookassa', current_date - 1, 'fits', 1))
       INSERT INTO ledger_entries (id, transaction_id, booked_at, key, reason, from_account, to_account, amount_minor, currency, user_id)
       SELECT gen_random_uuid(), gen_random_uuid(), now(), reason, reason, from_account, to_account, 100, 'RUB', id FROM booked, person`,
    );
    await installation.rows(
      'vpn-provisioner',
      `WITH server AS (
         INSERT INTO servers (id, name, region, capacity, weight, monthly_cost_minor, currency, panel_kind, url, settings, endpoints,
           parallel_calls, state, revision, created_at, changed_at)
         VALUES (gen_random_uuid(), 'Frankfurt 1', 'de', 100, 1, 500, 'EUR', 'marzban', 'http://127.0.0.1:9', '{"username": "admin"}', '[]', 4,
           'in-service', 1, now(), now()) RETURNING id)
       INSERT INTO server_health (server_id, state, against, falls, since, epoch, cleaned_epoch)
       SELECT id, 'down', 0, 0, now(), 0, 0 FROM server`,
    );
    // A rate is of what comes after it was seen once.
    for (const seen of ['payment_notifications_total', 'vpn_link_requests_total'])
      await until(async () => (await prometheus.query(seen)).length > 0, { what: seen });
    await comeOnce();
  }

  /** What minutes would bring. */
  const work = () =>
    installation
      .service('analytics')
      .nest.get(Schedules)
      .runSlot('watch-usage', new Date(Date.now() + 86_400_000));

  /** The owner, a partner with a webhook, and somebody who guesses. */
  async function comeFromOutside(): Promise<void> {
    const { publicUrl } = installation.service('gateway');
    const owner = await signInStaff({ service: installation.service('gateway') } as unknown as TestApp, 'owner');
    const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
      const response = await fetch(`${publicUrl}/v1${path}`, {
        method,
        headers: {
          'sec-fetch-site': 'same-origin',
          ...(body && { 'content-type': 'application/json', 'idempotency-key': uuidv7() }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json().catch(() => undefined)) as Record<string, never> };
    };
    const url = `http://127.0.0.1:${(partner.address() as AddressInfo).port}/`;
    const endpoint = { url, types: ['bot-adapter.message.received'] };
    const opened = await ask('POST', '/webhook-endpoints', endpoint, owner.headers);
    expect(opened).toMatchObject({ status: 201 });
    const { id } = (opened.body as unknown as { endpoint: { id: string } }).endpoint;
    const comeOnce = async () => {
      const guess = { email: 'nobody@example.com', password: 'a guess' };
      const never = { state: 'x'.repeat(43), code: 'y' };
      const period = 'from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z';
      const answers = [
        await ask('POST', '/staff-sign-in/password', guess),
        await ask('POST', '/sign-in/sessions', never),
        await ask('GET', `/usage?${period}`, undefined, owner.headers),
        await ask('POST', `/webhook-endpoints/${id}/test`, {}, owner.headers),
      ];
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 200, 202]);
    };
    await comeOnce();
    expect(await ask('POST', '/statistics-backups', {}, owner.headers)).toMatchObject({ status: 201 });
    expect(await ask('POST', '/audit/verifications', {}, owner.headers)).toMatchObject({ status: 202 });
    // A rate is of what comes after it was seen once.
    for (const seen of ['webhook_attempts_total', 'gateway_request_duration_seconds_count{status="401"}'])
      await until(async () => (await prometheus.query(seen)).length > 0, { what: seen });
    await comeOnce();
  }

  it('answers the query of every panel but of those whose reason to be empty is known', async () => {
    const mayBeEmpty = panels.filter(({ fieldConfig }) => fieldConfig.defaults.noValue).map(({ title }) => title);
    const silent = async () => {
      const found = await Promise.all(
        panels.map(async ({ title, targets }) => {
          const series = await Promise.all(targets.map(({ expr }) => prometheus.query(withVariables(expr))));
          return series.every((some) => some.some(({ value: [, value] }) => value !== 'NaN')) ? [] : [title];
        }),
      );
      return found.flat().filter((title) => !mayBeEmpty.includes(title));
    };
    let last: string[] = [];
    // What analytics has counted is read again after some seconds.
    await until(async () => (last = await silent()).length === 0, { what: 'data', timeoutMs: 30_000 }).catch(
      () => undefined,
    );
    expect(last).toEqual([]);
    expect(mayBeEmpty.length).toBeLessThan(panels.length / 5);
  }, 60_000);

  it('tells what models cost as the ledger has it', async () => {
    // What is counted a moment after an answer comes into both.
    const kept = async () => {
      const [ledger] = await installation.rows<{ usd: number }>(
        'chat-ai',
        'SELECT sum(cost_micros)::float8 / 1e6 AS usd FROM usages',
      );
      return ledger!.usd;
    };
    const told = async () => {
      const [series] = await prometheus.query('sum(business_model_cost_usd_total)');
      return Number(series?.value[1]);
    };
    await until(async () => Math.abs((await told()) - (await kept())) < 1e-9, { what: 'the same cost' });
    expect(await kept()).toBeGreaterThan(0);
  });

  it('names no label as Prometheus names its own', async () => {
    expect(await prometheus.query('count by (__name__) ({exported_job!=""} or {exported_instance!=""})')).toEqual([]);
  });

  it('names its metrics as Prometheus wants them named', async () => {
    for (const url of installation.urls) {
      const input = await (await fetch(new URL('/metrics', url))).text();
      const { stdout, stderr } = spawnSync(prometheusProgram('promtool'), ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      const ours = (stdout + stderr).split('\n').filter((line) => line && !/^(process|nodejs)_/.test(line));
      expect({ port: url.port, ours }).toEqual({ port: url.port, ours: [] });
    }
  });
});

/** As Grafana would ask, with everything chosen. */
const withVariables = (expr: string) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(service|bot)\b/g, '.+');
