import { parse } from 'yaml';

const DEADLINE_MS = 10_000;

/** By what an address lets somebody in, read as apps read it: `<id or password>@<host>` of all its servers, in each form. */
export type Subscription = Readonly<Record<'base64' | 'mihomo' | 'sing-box', readonly string[]>>;

/** Asks for an address in three forms, and reads each with what reads such things everywhere. */
export async function readSubscription(address: string): Promise<Subscription> {
  const [list, yaml, json] = await Promise.all([
    ask(address, 'Happ/3.8.1'),
    ask(`${address}/mihomo`, 'mihomo/1.19.0'),
    ask(`${address}/sing-box`, 'SFA/1.12.0'),
  ]);
  const { proxies = [] } = parse(yaml) as { proxies?: Entry[] };
  const { outbounds = [] } = JSON.parse(json) as { outbounds?: Entry[] };
  return { base64: entriesOfLinks(list), mihomo: entriesOf(proxies), 'sing-box': entriesOf(outbounds) };
}

interface Entry {
  readonly server?: string;
  readonly uuid?: string;
  readonly password?: string;
}

const entriesOf = (entries: readonly Entry[]): string[] =>
  unique(
    entries.flatMap(({ uuid, password, server }) =>
      server !== undefined && (uuid ?? password) !== undefined ? `${uuid ?? password}@${server}` : [],
    ),
  );

/** A list of share links, one a line, in base64. */
function entriesOfLinks(text: string): string[] {
  const links = Buffer.from(text, 'base64').toString('utf8').split('\n').filter(Boolean);
  return unique(
    links.map((link) => {
      const { protocol, username, password, hostname } = new URL(link);
      if (protocol !== 'ss:') return `${decodeURIComponent(username)}@${hostname}`;
      // SIP002: the method and the password, in base64 or as they are.
      const inBase64 = () => Buffer.from(username, 'base64url').toString('utf8').split(':').slice(1).join(':');
      return `${password ? decodeURIComponent(password) : inBase64()}@${hostname}`;
    }),
  );
}

const unique = (all: readonly string[]) => [...new Set(all)].sort();

async function ask(address: string, app: string): Promise<string> {
  const headers = { 'user-agent': app, 'x-hwid': 'smoke-device-0001' };
  const response = await fetch(address, { headers, signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!response.ok) throw new Error(`an address was answered with ${response.status}`);
  return response.text();
}
