import type { Endpoint } from '../../panels/panel';
import { authorityOf, type Connection, DEFAULT_CIPHER, isShadowsocks, NOWHERE, type Profile } from './connection';

/** Not URLSearchParams: apps read its plus sign as a plus sign. */
const queryOf = (fields: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]))
    .join('&');

/** The fields that VLESS and Trojan have in common. */
const transportOf = (endpoint: Endpoint) => ({
  type: endpoint.transport,
  security: endpoint.security,
  sni: endpoint.sni,
  fp: endpoint.fingerprint ?? (endpoint.security === 'reality' ? 'chrome' : undefined),
  alpn: endpoint.alpn?.join(','),
  pbk: endpoint.publicKey,
  sid: endpoint.shortId,
  path: ['ws', 'httpupgrade', 'xhttp'].includes(endpoint.transport) ? (endpoint.path ?? '/') : undefined,
  host: endpoint.transport === 'grpc' ? undefined : endpoint.hostHeader,
  serviceName: endpoint.transport === 'grpc' ? (endpoint.serviceName ?? '') : undefined,
  mode: { grpc: 'gun', xhttp: 'auto' }[endpoint.transport as string],
});

/** The flow of a VLESS endpoint, where it can have one. */
export const flowOf = ({ flow, transport, security }: Endpoint): string | undefined =>
  transport === 'tcp' && security !== 'none' && flow ? flow : undefined;

/** One connection as the text that people copy and apps import. */
export function shareLink({ name, endpoint, credentials }: Connection): string {
  const at = `${authorityOf(endpoint)}`;
  const remark = encodeURIComponent(name);
  if (isShadowsocks(endpoint)) {
    const cipher = endpoint.cipher ?? DEFAULT_CIPHER;
    // SIP002: the user information of the ciphers of 2022 is not in base64.
    const login = cipher.startsWith('2022-')
      ? `${encodeURIComponent(cipher)}:${encodeURIComponent(credentials.password)}`
      : Buffer.from(`${cipher}:${credentials.password}`).toString('base64url');
    return `ss://${login}@${at}#${remark}`;
  }
  if (endpoint.protocol === 'trojan')
    return `trojan://${encodeURIComponent(credentials.password)}@${at}?${queryOf(transportOf(endpoint))}#${remark}`;
  const query = queryOf({ encryption: 'none', flow: flowOf(endpoint), ...transportOf(endpoint) });
  return `vless://${credentials.uuid}@${at}?${query}#${remark}`;
}

const noticeLink = (notice: string): string =>
  `vless://${NOWHERE.uuid}@${authorityOf(NOWHERE)}?encryption=none&type=tcp&security=none#${encodeURIComponent(notice)}`;

/** For most apps: share links, a line each, in base64. */
export function base64List({ connections, notice }: Profile): string {
  const links = notice === undefined ? connections.map(shareLink) : [noticeLink(notice)];
  return Buffer.from(links.join('\n')).toString('base64');
}
