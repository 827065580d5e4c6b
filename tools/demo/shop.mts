import type { ServiceClient } from '@switchboard/service-kit';
import { tellProviders } from '../local/providers.mts';
import { operatorNamed } from '../local/operator.mts';
import { SET_UP } from '../local/panels.mts';
import type { SandboxClient } from '../local/sandbox-client.mts';
import type { Contracts } from './events.mts';
import { demoId } from './random.mts';
import { PLANS, SHOP } from './sales.mts';

const GB = 1024 ** 3;
const actor = operatorNamed('demo');
/** The first start is busy with much else. */
const TIMEOUT_MS = 60_000;

/** What it sells: `PLANS` with their words. */
const NAMES = {
  month: { en: 'A month', ru: 'Месяц' },
  quarter: { en: 'Three months', ru: 'Три месяца' },
  year: { en: 'A year', ru: 'Год' },
} as const;
const DESCRIPTION = {
  en: '200 GB a month, three devices, two servers at a time.',
  ru: '200 ГБ в месяц, три устройства, два сервера сразу.',
};

/** Servers that are there from the start, each a panel of the sandbox. */
const SERVERS = [
  { name: 'frankfurt-1', title: 'Frankfurt 1', region: 'de', panel: 'marzban', capacity: 200, costMinor: 1200 },
  { name: 'amsterdam-1', title: 'Amsterdam 1', region: 'nl', panel: 'three-x-ui', capacity: 150, costMinor: 900 },
  { name: 'helsinki-1', title: 'Helsinki 1', region: 'fi', panel: 'remnawave', capacity: 150, costMinor: 800 },
  { name: 'new-york-1', title: 'New York 1', region: 'us-east', panel: 'outline', capacity: 100, costMinor: 1400 },
] as const;

/**
 * Sells something in the demo shop, and has servers for it, where there are none; what somebody has changed since stays.
 * @param gatewayUrl where the sandbox's providers tell of payments
 */
export async function openDemoShop(
  client: ServiceClient,
  contracts: Contracts,
  { sandbox, gatewayUrl }: { sandbox: SandboxClient; gatewayUrl: string },
): Promise<void> {
  await tellProviders(sandbox, (provider) => `${gatewayUrl}/v1/payments/${provider}/${SHOP}/notifications`);
  await fillDemoShop(client, contracts);
  await setUpServers(client, contracts, sandbox);
}

/** Plans, packages and a promo code. */
export async function fillDemoShop(client: Pick<ServiceClient, 'call'>, contracts: Contracts): Promise<void> {
  const { CreatePackage, CreatePlan, CreatePromoCode, ListPlans } = contracts;
  const how = { actor, timeoutMs: TIMEOUT_MS };
  const { data } = await client.call(ListPlans, { query: { botId: SHOP, archived: 'true' } }, how);
  if (data.length > 0) return;
  const features = { 'vpn.traffic-bytes': 200 * GB, 'vpn.devices': 3, 'vpn.servers': 2 };
  const key = (code: string) => demoId('shop', code);
  for (const [position, code] of (['month', 'quarter', 'year'] as const).entries()) {
    const { months, RUB, USD } = PLANS[code];
    const body = {
      ...{ botId: SHOP, code, name: NAMES[code], description: DESCRIPTION, level: 'plus', features, position },
      ...{ period: { count: months, unit: 'month' as const }, prices: { RUB, USD, XTR: Math.round(USD / 2) } },
      trialDays: code === 'month' ? 7 : null,
    };
    await client.call(CreatePlan, { body, idempotencyKey: key(code) }, how);
  }
  const packages: { code: string; name: { en: string; ru: string }; adds: Record<string, number> }[] = [
    { code: 'traffic', name: { en: '100 GB more', ru: 'Ещё 100 ГБ' }, adds: { 'vpn.traffic-bytes': 100 * GB } },
    { code: 'devices', name: { en: 'One device more', ru: 'Ещё одно устройство' }, adds: { 'vpn.devices': 1 } },
  ];
  for (const { code, name, adds } of packages) {
    const prices = { RUB: 4900, USD: 79, XTR: 45 };
    const body = { botId: SHOP, code, name, adds, prices, lasts: 'period' as const };
    await client.call(CreatePackage, { body, idempotencyKey: key(code) }, how);
  }
  const gives = { kind: 'percent' as const, percent: 20 };
  const promo = { botId: SHOP, code: 'WELCOME', gives, maxUses: 10_000 };
  await client.call(CreatePromoCode, { body: promo, idempotencyKey: key('welcome') }, how);
}

async function setUpServers(client: ServiceClient, contracts: Contracts, sandbox: SandboxClient): Promise<void> {
  const { CreateServer, ListServers } = contracts;
  const how = { actor, timeoutMs: TIMEOUT_MS };
  const { data } = await client.call(ListServers, { query: {} }, how);
  for (const { name, title, region, panel, capacity, costMinor } of SERVERS) {
    if (data.some((server) => server.name === title)) continue;
    const control = sandbox.panels(panel);
    const found =
      (await control.servers()).find((server) => server.name === name) ?? (await control.addServer({ name }));
    const host = `${name}.lantern.example`;
    const endpoints = [
      {
        ...({ protocol: 'vless', transport: 'tcp', security: 'reality' } as const),
        ...{ host, port: 443, sni: 'www.example.com', fingerprint: 'chrome' },
        ...{ publicKey: 'J7c5pS1lEV3Lh0d9w1nM6hQv8yC2kR4tB0aXzU5eYgI', shortId: 'ab12cd34' },
        flow: 'xtls-rprx-vision',
      },
    ];
    const body = {
      ...{ name: title, region, capacity, monthlyCostMinor: costMinor, currency: 'USD', panelKind: panel },
      ...SET_UP[panel](found.account),
      endpoints: panel === 'outline' ? [] : endpoints,
    };
    await client.call(CreateServer, { body, idempotencyKey: demoId('server', name) }, how);
  }
}
