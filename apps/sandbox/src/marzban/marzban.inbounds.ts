import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';

/** By what Xray lets people in here, and the links that Marzban makes of it. Source: app/subscription/v2ray.py, app/models/proxy.py. */

export const Protocol = z.enum(['vmess', 'vless', 'trojan', 'shadowsocks']);
export type Protocol = z.infer<typeof Protocol>;

/** Of a user, by the protocol: `id`, `password`, `flow`, `method`. */
export const Settings = z.record(z.string(), z.string());
export type Settings = z.infer<typeof Settings>;

export interface Inbound {
  readonly tag: string;
  readonly protocol: Protocol;
  readonly network: string;
  readonly tls: string;
  readonly port: number;
  /** Of a link, as share links have them. */
  readonly link: Readonly<Record<string, string>>;
}

const REALITY = {
  sni: 'www.example.com',
  fp: 'chrome',
  pbk: 'Z84J2IelR9ch3k8VtlVhhs5ycBUlXA7wHBWcBrjqnAw',
  sid: '6ba85179e30d4fc2',
};
const TLS = { sni: 'cdn.example.com', fp: 'firefox', alpn: 'h2,http/1.1' };

export const INBOUNDS: readonly Inbound[] = [
  { tag: 'VLESS TCP REALITY', protocol: 'vless', network: 'tcp', tls: 'reality', port: 443, link: REALITY },
  {
    ...{ tag: 'VLESS Websocket TLS', protocol: 'vless', network: 'ws', tls: 'tls', port: 8443 },
    link: { ...TLS, path: '/vless', host: 'cdn.example.com' },
  },
  {
    ...{ tag: 'Trojan Websocket TLS', protocol: 'trojan', network: 'ws', tls: 'tls', port: 2083 },
    link: { ...TLS, path: '/trojan', host: 'cdn.example.com' },
  },
  { tag: 'Shadowsocks TCP', protocol: 'shadowsocks', network: 'tcp', tls: 'none', port: 1080, link: {} },
];

export const inboundsOf = (protocol: Protocol) => INBOUNDS.filter((inbound) => inbound.protocol === protocol);

export const newPassword = () => randomBytes(16).toString('base64url');

/** What is not told is made. */
export function settingsOf(protocol: string, told: Settings): Settings {
  switch (protocol) {
    case 'vless':
      return { id: told['id'] ?? randomUUID(), flow: told['flow'] ?? '' };
    case 'vmess':
      return { id: told['id'] ?? randomUUID() };
    case 'trojan':
      return { password: told['password'] ?? newPassword(), flow: told['flow'] ?? '' };
    default:
      return { password: told['password'] ?? newPassword(), method: told['method'] ?? 'chacha20-ietf-poly1305' };
  }
}

export function linkOf(username: string, host: string, inbound: Inbound, settings: Settings): string {
  const { protocol, network, tls, port, link } = inbound;
  const remark = encodeURIComponent(`🚀 Marz (${username}) [${inbound.tag}]`);
  if (protocol === 'shadowsocks') {
    const secret = Buffer.from(`${settings['method']}:${settings['password']}`).toString('base64');
    return `ss://${secret}@${host}:${port}#${remark}`;
  }
  const hasFlow = settings['flow'] && network === 'tcp' && tls !== 'none';
  const query = new URLSearchParams({
    ...{ security: tls, type: network, headerType: '' },
    ...(hasFlow && { flow: settings['flow']! }),
    ...(network === 'tcp' && { path: '', host: '' }),
    ...link,
  });
  const who = protocol === 'trojan' ? encodeURIComponent(settings['password']!) : settings['id'];
  return `${protocol}://${who}@${host}:${port}?${query}#${remark}`;
}
