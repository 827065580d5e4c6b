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

function tlsOf(endpoint: Endpoint): object {
  if (endpoint.security === 'none') return {};
  const isReality = endpoint.security === 'reality';
  const fingerprint = endpoint.fingerprint ?? (isReality ? 'chrome' : undefined);
  return {
    tls: {
      enabled: true,
      ...(endpoint.sni && { server_name: endpoint.sni }),
      ...(endpoint.alpn && { alpn: endpoint.alpn }),
      // Reality does not work without.
      ...(fingerprint && { utls: { enabled: true, fingerprint } }),
      ...(isReality && {
        reality: { enabled: true, public_key: endpoint.publicKey, short_id: endpoint.shortId ?? '' },
      }),
    },
  };
}

function transportOf(endpoint: Endpoint): object {
  const { hostHeader: host } = endpoint;
  switch (endpoint.transport) {
    case 'grpc':
      return { transport: { type: 'grpc', service_name: endpoint.serviceName ?? '' } };
    case 'httpupgrade':
      return { transport: { type: 'httpupgrade', ...(host && { host }), path: endpoint.path ?? '/' } };
    case 'ws': {
      const { path, earlyData } = splitEarlyData(endpoint.path);
      const early =
        earlyData === undefined ? {} : { max_early_data: earlyData, early_data_header_name: 'Sec-WebSocket-Protocol' };
      return { transport: { type: 'ws', path, ...(host && { headers: { Host: host } }), ...early } };
    }
    default:
      return {};
  }
}

function outboundOf({ name, endpoint, credentials }: Connection): object {
  const place = { tag: name, server: endpoint.host, server_port: endpoint.port };
  if (isShadowsocks(endpoint))
    return {
      ...{ type: 'shadowsocks', ...place },
      ...{ method: endpoint.cipher ?? DEFAULT_CIPHER, password: credentials.password },
    };
  const shared = { ...tlsOf(endpoint), ...transportOf(endpoint) };
  if (endpoint.protocol === 'trojan') return { type: 'trojan', ...place, password: credentials.password, ...shared };
  const flow = flowOf(endpoint);
  return { type: 'vless', ...place, uuid: credentials.uuid, ...(flow && { flow }), ...shared };
}

const noticeOutbound = (tag: string): object => ({
  ...{ type: 'shadowsocks', tag, server: NOWHERE.host, server_port: NOWHERE.port },
  ...{ method: 'aes-128-gcm', password: 'none' },
});

/**
 * For sing-box from 1.12 on. It loads no profile with a field that it does not know or knows no more: nothing here may be what 1.12
 * to 1.14 have removed.
 */
export function singBox({ connections, notice }: Profile): string {
  const isNotice = notice !== undefined;
  const tags = isNotice ? [notice] : connections.map(({ name }) => name);
  const groups = [
    { type: 'selector', tag: GROUP, outbounds: isNotice ? tags : [AUTO_GROUP, ...tags] },
    { type: 'urltest', tag: AUTO_GROUP, outbounds: tags, url: TEST_URL, interval: '3m', tolerance: 50 },
  ];
  const profile = {
    log: { level: 'warn' },
    dns: {
      servers: [
        { type: 'tls', tag: 'remote', server: '1.1.1.1', detour: GROUP },
        { type: 'local', tag: 'local' },
      ],
      final: 'remote',
    },
    inbounds: [
      {
        ...{ type: 'tun', tag: 'tun', address: ['172.19.0.1/30', 'fdfe:dcba:9876::1/126'] },
        ...{ auto_route: true, strict_route: true, stack: 'mixed' },
      },
    ],
    outbounds: [
      ...(isNotice ? groups.slice(0, 1) : groups),
      ...(isNotice ? [noticeOutbound(notice)] : connections.map(outboundOf)),
      { type: 'direct', tag: 'direct' },
    ],
    route: {
      rules: [
        { action: 'sniff' },
        { protocol: 'dns', action: 'hijack-dns' },
        { ip_is_private: true, outbound: 'direct' },
      ],
      final: GROUP,
      // Asked for wherever an outbound is a host's name.
      default_domain_resolver: { server: 'local' },
      auto_detect_interface: true,
    },
  };
  return JSON.stringify(profile, null, 1);
}
