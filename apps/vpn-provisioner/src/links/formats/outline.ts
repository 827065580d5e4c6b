import { stringify } from 'yaml';
import { authorityOf, DEFAULT_CIPHER, type Profile } from './connection';

/** For Outline, which asks whenever it connects and takes one server: the best. What it cannot have it shows as an error. */
export function outline({ title, connections: [best], notice }: Profile): string {
  if (notice !== undefined || !best) return stringify({ error: { message: notice ?? title } });
  const shadowsocks = {
    $type: 'shadowsocks',
    endpoint: authorityOf(best.endpoint),
    cipher: best.endpoint.cipher ?? DEFAULT_CIPHER,
    secret: best.credentials.password,
  };
  return stringify(
    { transport: { $type: 'tcpudp', tcp: shadowsocks, udp: { ...shadowsocks } } },
    { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 },
  );
}
