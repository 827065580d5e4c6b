import { stringify } from 'yaml';
import type { Endpoint } from '../../panels/panel';
import {
  AUTO_GROUP,
  type Connection,
  DEFAULT_CIPHER,
  GROUP,
  isShadowsocks,
  NOWHERE,
  type Profile,
  splitEarlyData,
} from './connection';
import { flowOf } from './share-links';

const TEST_URL = 'https://www.gstatic.com/generate_204';
const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8'];

function transportOf(endpoint: Endpoint): object {
  const headers = endpoint.hostHeader ? { headers: { Host: endpoint.hostHeader } } : {};
  switch (endpoint.transport) {
    case 'tcp':
      return { network: 'tcp' };
    case 'grpc':
      return { network: 'grpc', 'grpc-opts': { 'grpc-service-name': endpoint.serviceName ?? '' } };
    case 'httpupgrade':
      return {
        network: 'ws',
        'ws-opts': { path: endpoint.path ?? '/', ...headers, 'v2ray-http-upgrade': true },
      };
    case 'ws': {
      const { path, earlyData } = splitEarlyData(endpoint.path);
      const early =
        earlyData === undefined
          ? {}
          : { 'max-early-data': earlyData, 'early-data-header-name': 'Sec-WebSocket-Protocol' };
      return { network: 'ws', 'ws-opts': { path, ...headers, ...early } };
    }
    case 'xhttp':
      return {
        network: 'xhttp',
        'xhttp-opts': {
          path: endpoint.path ?? '/',
          ...(endpoint.hostHeader && { host: endpoint.hostHeader }),
          mode: 'auto',
        },
      };
  }
}

function securityOf(endpoint: Endpoint): object {
  if (endpoint.security === 'none') return {};
  const isReality = endpoint.security === 'reality';
  return {
    tls: true,
    ...((endpoint.fingerprint ?? isReality) && { 'client-fingerprint': endpoint.fingerprint ?? 'chrome' }),
    ...(endpoint.alpn && { alpn: endpoint.alpn }),
    ...(isReality && {
      'reality-opts': { 'public-key': endpoint.publicKey, ...(endpoint.shortId && { 'short-id': endpoint.shortId }) },
    }),
  };
}

function proxyOf({ name, endpoint, credentials }: Connection): object {
  const place = { name, server: endpoint.host, port: endpoint.port, udp: true };
  if (isShadowsocks(endpoint))
    return { ...place, type: 'ss', cipher: endpoint.cipher ?? DEFAULT_CIPHER, password: credentials.password };
  const shared = { ...transportOf(endpoint), ...securityOf(endpoint) };
  if (endpoint.protocol === 'trojan')
    return { ...place, type: 'trojan', password: credentials.password, sni: endpoint.sni, ...shared };
  return {
    ...place,
    ...{ type: 'vless', uuid: credentials.uuid, flow: flowOf(endpoint), servername: endpoint.sni },
    ...{ 'packet-encoding': 'xudp', ...shared },
  };
}

const noticeProxy = (name: string): object => ({
  ...{ name, type: 'ss', server: NOWHERE.host, port: NOWHERE.port },
  ...{ cipher: 'aes-128-gcm', password: 'none' },
});

/**
 * For Mihomo and whatever is built on it, Stash, and the older Clash. A name in a group that is no proxy's makes them refuse the
 * whole profile.
 */
export function mihomo({ connections, notice }: Profile): string {
  const isNotice = notice !== undefined;
  const names = isNotice ? [notice] : connections.map(({ name }) => name);
  const groups = [
    { name: GROUP, type: 'select', proxies: isNotice ? names : [AUTO_GROUP, ...names] },
    { name: AUTO_GROUP, type: 'url-test', url: TEST_URL, interval: 300, tolerance: 50, proxies: names },
  ];
  const profile = {
    ...{ 'mixed-port': 7890, 'allow-lan': false, mode: 'rule', 'log-level': 'warning' },
    dns: {
      ...{ enable: true, 'enhanced-mode': 'fake-ip' },
      nameserver: ['https://1.1.1.1/dns-query', 'https://8.8.8.8/dns-query'],
    },
    proxies: isNotice ? [noticeProxy(notice)] : connections.map(proxyOf),
    'proxy-groups': isNotice ? groups.slice(0, 1) : groups,
    rules: [...PRIVATE_NETWORKS.map((network) => `IP-CIDR,${network},DIRECT,no-resolve`), `MATCH,${GROUP}`],
  };
  // Everything is quoted: the reader is another one, which takes a short id such as 0123 or 1_0 for a number.
  return stringify(profile, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 });
}
