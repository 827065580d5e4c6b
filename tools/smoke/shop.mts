import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListMyAccesses, ListMySubscriptions, ReadMyOrder, ReadShop } from '@switchboard/contracts';
import type { AnswerOf, ServiceClient } from '@switchboard/service-kit';
import { operatorClient } from '../demo/local.mts';
import { SHOP } from '../demo/sales.mts';
import { openDemoShop } from '../demo/shop.mts';
import { banksOf } from '../local/banks.mts';
import { percentile, rssMb } from '../local/figures.mts';
import { type Installation, startInstallation } from '../local/installation.mts';
import { operatorNamed } from '../local/operator.mts';
import { PANELS } from '../local/panels.mts';
import { until } from '../local/processes.mts';
import { answerOf, type BotMessage, connectSandbox, type SandboxClient } from '../local/sandbox-client.mts';
import { Person } from './person.mts';
import { readSubscription } from './subscription.mts';

type Order = AnswerOf<typeof ReadMyOrder>;
type Access = AnswerOf<typeof ListMyAccesses>['data'][number];
type PanelUser = Awaited<ReturnType<typeof panelsOf>>[number]['users'][number];
type Shop = AnswerOf<typeof ReadShop>;

/** By what somebody pays. */
interface Way {
  readonly provider: string;
  readonly currency: string;
  pay(url: string, person: Person): Promise<unknown>;
}

/** Somebody who has bought something, and what they can connect by. */
interface Customer {
  readonly how: string;
  readonly person: Person;
  /** From the moment of the payment until all their panels had confirmed it; undefined when an app was never let in. */
  readonly payToLinkMs: number | undefined;
}

const UP_WITHIN_MS = 90_000;
const SERVED_WITHIN_MS = 60_000;
const MOVED_WITHIN_MS = 300_000;
/** From the payment of more traffic until the panels let in that much. */
const MORE_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 100;
/** Of each way to buy. */
const PEOPLE = 2;
const PROMO = 'WELCOME';
const TRAFFIC = 'vpn.traffic-bytes';
const BOT = 'lantern_sandbox_bot';

/** Nothing but the shop is there, and addresses are asked for more often than apps do. */
const ENV = { DEMO_COMPANY: 'no', VPN_PROVISIONER_LINK_REQUESTS_PER_MINUTE: '6000' };

/**
 * `npm run smoke -- shop`: people try, buy with a promo code and by each provider at the public address of a started installation; each
 * link is read as apps read it and held against the panels. Somebody writes to the bot, and buys more traffic. Then a server dies, and
 * everybody is served by the others.
 */
export async function smokeShop(): Promise<number> {
  const stateDir = mkdtempSync(join(tmpdir(), 'switchboard-smoke-'));
  const began = Date.now();
  let installation: Installation | undefined;
  try {
    installation = await startInstallation({ stateDir, ports: 'free', env: ENV });
    const sandbox = await connectSandbox(installation.sandboxUrl);
    const client = await open(installation, stateDir, sandbox);
    const readyMs = Date.now() - began;
    const { customers, untried, moreTrafficMs } = await sell(installation, sandbox, client);
    const served = customers.filter(({ payToLinkMs }) => payToLinkMs !== undefined);
    for (const { how, payToLinkMs } of customers)
      console.log(`${how}: ${payToLinkMs === undefined ? 'not served' : `served after ${payToLinkMs} ms`}`);
    const startToMenuMs = await writeToBot(served, sandbox);
    const death = await killServer(served, sandbox);
    const times = served.map(({ payToLinkMs }) => payToLinkMs!);
    const isServed = served.length === customers.length && untried.length === 0 && startToMenuMs !== null;
    const isInTime = moreTrafficMs !== null && moreTrafficMs <= MORE_WITHIN_MS;
    const ok = isServed && isInTime && death.moved > 0 && death.serverDeathToServedMs !== null;
    console.log(
      JSON.stringify({
        ...{ ok, purchases: customers.length, served: served.length, untried },
        payToLinkP50Ms: percentile(times, 0.5),
        payToLinkP99Ms: percentile(times, 0.99),
        ...{ startToMenuMs, moreTrafficMs },
        ...death,
        ...{ readyMs, rssMb: rssMb(installation.apps.pid) },
      }),
    );
    return ok ? 0 : 1;
  } finally {
    await installation?.stop();
    if (existsSync(stateDir)) rmSync(stateDir, { recursive: true, force: true });
  }
}

async function open(installation: Installation, stateDir: string, sandbox: SandboxClient): Promise<ServiceClient> {
  const contracts = await import('@switchboard/contracts');
  const client = await operatorClient(stateDir, installation.services);
  await openDemoShop(client, contracts, { sandbox, gatewayUrl: installation.publicUrls['gateway']! });
  const areUp = async () => {
    const { data } = await client.call(contracts.ListServers, { query: {} }, { actor: operatorNamed('smoke') });
    return data.every(({ health }) => health.state === 'up');
  };
  if (!(await until(areUp, UP_WITHIN_MS, 500))) throw new Error('The servers of the shop did not come up');
  return client;
}

function waysToPay(sandbox: SandboxClient): Way[] {
  const banks = banksOf(sandbox).map(({ provider, currencies, pay }) => ({
    ...{ provider, currency: currencies[0]! },
    pay: (url: string) => pay(url, { saves: false, afterMs: 0 }),
  }));
  const stars: Way = {
    ...{ provider: 'telegram-stars', currency: 'XTR' },
    async pay(link, { phone }) {
      const outcome = await sandbox.telegram.pay(phone, { bot: BOT }, { link });
      if (!outcome.paid) throw new Error(`Telegram was not paid: ${outcome.reason}`);
    },
  };
  return [...banks, stars];
}

async function sell({ publicUrls }: Installation, sandbox: SandboxClient, client: ServiceClient) {
  const byProvider = waysToPay(sandbox);
  const come = (how: string) => Person.signIn(publicUrls['gateway']!, sandbox, how);
  const first = await come('Ann');
  const shop = await first.ask<Shop>('GET', `/me/shop?botId=${SHOP}`);
  const plan = { kind: 'plan', planId: shop.plans[0]!.id };
  const ways: [string, (person: Person) => Promise<number>][] = [
    ['trial', (person) => tryOut(person)],
    ['promo code', (person) => buy(person, byProvider[0]!, plan, PROMO)],
    ...byProvider.map((way): [string, (person: Person) => Promise<number>] => [
      way.provider,
      (person) => buy(person, way, plan),
    ]),
  ];
  const all = ways.flatMap((way) => Array.from({ length: PEOPLE }, () => way));
  const customers = await Promise.all(
    all.map(async ([how, get]): Promise<Customer> => {
      const person = await come(how);
      const paidAt = await get(person);
      const isServed = async () => (await servers(person, sandbox)).size > 0;
      if (!(await until(isServed, SERVED_WITHIN_MS, LOOK_EVERY_MS))) return { how, person, payToLinkMs: undefined };
      return { how, person, payToLinkMs: (await grantedAt(person, client)) - paidAt };
    }),
  );
  const tried = byProvider.map(({ provider }) => provider);
  const untried = shop.payWith.map(({ provider }) => provider).filter((name) => !tried.includes(name));
  const buyer = customers.findLast(({ payToLinkMs }) => payToLinkMs !== undefined)!.person;
  return { customers, untried, moreTrafficMs: await addTraffic(buyer, shop, byProvider[0]!, sandbox) };
}

/** When all that the person was to have was confirmed by its panels for the first time. */
async function grantedAt({ userId }: Person, client: ServiceClient): Promise<number> {
  const { ListPersonAccesses } = await import('@switchboard/contracts');
  const { data } = await client.call(ListPersonAccesses, { query: { userId } }, { actor: operatorNamed('smoke') });
  return data[0]!.grantedAt!.getTime();
}

async function tryOut(person: Person): Promise<number> {
  const began = Date.now();
  await person.ask('POST', '/me/trials', { botId: SHOP });
  return began;
}

/** More traffic for who is served. @returns how long after it was paid each of their panels lets in that much; null: too long */
async function addTraffic(person: Person, shop: Shop, way: Way, sandbox: SandboxClient): Promise<number | null> {
  const { id: packageId, adds } = shop.packages.find((one) => TRAFFIC in one.adds)!;
  const path = `/me/subscriptions?botId=${SHOP}`;
  const { data } = await person.ask<AnswerOf<typeof ListMySubscriptions>>('GET', path);
  const limits = async () => [...(await servers(person, sandbox)).values()].map(({ limitBytes }) => limitBytes ?? 0);
  const wanted = Math.max(...(await limits())) + Number(adds[TRAFFIC]);
  const paidAt = await buy(person, way, { kind: 'package', packageId, subscriptionId: data[0]!.id });
  const isThere = async () => {
    const now = await limits();
    return now.length > 0 && now.every((limit) => limit >= wanted);
  };
  return (await until(isThere, SERVED_WITHIN_MS, LOOK_EVERY_MS)) ? Date.now() - paidAt : null;
}

/** One after the other. @returns the longest that one of them waited for the menu after their first word; null: too long */
async function writeToBot(customers: readonly Customer[], sandbox: SandboxClient): Promise<number | null> {
  let longest = 0;
  for (const { person } of customers.slice(0, PEOPLE * 2)) {
    const began = Date.now();
    const { message_id: after } = await sandbox.telegram.say(person.phone, { bot: BOT }, '/start');
    const isMenu = ({ reply_markup }: BotMessage) => reply_markup !== undefined;
    if (!(await answerOf(sandbox, { person: person.phone, bot: BOT, after }, isMenu, SERVED_WITHIN_MS))) return null;
    longest = Math.max(longest, Date.now() - began);
  }
  return longest;
}

/** @returns when it was paid */
async function buy(
  person: Person,
  { provider, currency, pay }: Way,
  wanted: object,
  promoCode?: string,
): Promise<number> {
  const asked = { botId: SHOP, wanted, currency, provider, email: 'ann@example.com' };
  const order = await person.ask<Order>('POST', '/me/orders', { ...asked, ...(promoCode && { promoCode }) });
  if (promoCode && order.quote.discountMinor === 0)
    throw new Error(`the promo code ${promoCode} makes nothing cheaper`);
  let url: string | undefined;
  const isOpen = async () => {
    const { next } = await person.ask<Order>('GET', `/me/orders/${order.id}`);
    url = next?.kind === 'open' ? next.url : next?.kind === 'stars' ? next.link : undefined;
    return url !== undefined;
  };
  if (!(await until(isOpen, SERVED_WITHIN_MS, LOOK_EVERY_MS))) throw new Error(`${provider} opened no page`);
  const paidAt = Date.now();
  await pay(url!, person);
  return paidAt;
}

/** By which somebody is served, and as whom: all forms of their link agree, and the panel of each server in it lets them in; else none. */
async function servers(person: Person, sandbox: SandboxClient): Promise<Map<string, PanelUser>> {
  const { data } = await person.ask<{ data: Access[] }>('GET', '/me/vpn');
  const link = data[0]?.link;
  if (!link) return new Map();
  const { base64, ...others } = await readSubscription(link);
  const isSame = Object.values(others).every((entries) => entries.join() === base64.join());
  const panels = await panelsOf(sandbox);
  const userOf = (entry: string) => {
    const [secret] = entry.split('@');
    const panel = panels.find(({ name }) => name === serverOf(entry));
    const user = panel?.users.find(({ uuid, password }) => uuid === secret || password === secret);
    return panel?.power === 'up' && user?.served ? user : undefined;
  };
  const users = base64.map((entry) => [serverOf(entry), userOf(entry)] as const);
  return isSame && users.every(([, user]) => user) ? new Map(users as [string, PanelUser][]) : new Map();
}

const serverOf = (entry: string): string => entry.split('@')[1]!.split('.')[0]!;

async function panelsOf(sandbox: SandboxClient) {
  const panels = await Promise.all(
    PANELS.map(async (kind) =>
      (await sandbox.panels(kind).servers()).map(({ name, power }) => ({ kind, name, power })),
    ),
  );
  return Promise.all(
    panels
      .flat()
      .map(async (panel) => ({ ...panel, users: await sandbox.panels(panel.kind).server(panel.name).users() })),
  );
}

/** The server that most people are on refuses all connections from now on. */
async function killServer(customers: readonly Customer[], sandbox: SandboxClient) {
  const before = new Map<Customer, Map<string, PanelUser>>();
  for (const customer of customers) before.set(customer, await servers(customer.person, sandbox));
  const [dead, ...others] = (await panelsOf(sandbox)).toSorted((a, b) => b.users.length - a.users.length);
  const alive = others.filter(({ users }) => users.length > 0).length;
  const hit = customers.filter((customer) => before.get(customer)!.has(dead!.name));
  console.log(`${dead!.kind} ${dead!.name} dies, with ${hit.length} of ${customers.length} people`);
  const diedAt = Date.now();
  await sandbox.panels(dead!.kind).server(dead!.name).setPower('refusing');
  const isServed = async (customer: Customer) => {
    const now = await servers(customer.person, sandbox);
    return !now.has(dead!.name) && now.size >= Math.min(before.get(customer)!.size, Math.max(1, alive));
  };
  const waiting = [...customers];
  await until(
    async () => {
      while (waiting[0] && (await isServed(waiting[0]))) waiting.shift();
      return waiting.length === 0;
    },
    MOVED_WITHIN_MS,
    500,
  );
  const serverDeathToServedMs = waiting.length === 0 ? Date.now() - diedAt : null;
  return { hit: hit.length, moved: hit.filter((one) => !waiting.includes(one)).length, serverDeathToServedMs };
}
