import { endpointOf } from './share-link';

const UUID = '11111111-2222-4333-8444-555555555555';
const base64 = (text: string) => Buffer.from(text).toString('base64');

it.each<[string, object]>([
  [
    `vless://${UUID}@[2001:db8::1]:443?type=grpc&security=reality&serviceName=svc&pbk=key&sid=0a&fp=chrome&sni=a.example#DE`,
    {
      ...{ protocol: 'vless', host: '2001:db8::1', port: 443, transport: 'grpc', security: 'reality' },
      ...{ serviceName: 'svc', publicKey: 'key', shortId: '0a', fingerprint: 'chrome', sni: 'a.example' },
    },
  ],
  [
    `vless://${UUID}@a.example:80?encryption=none&type=httpupgrade&path=%2Fup&host=b.example`,
    {
      ...{ protocol: 'vless', host: 'a.example', port: 80, transport: 'httpupgrade', security: 'none' },
      ...{ path: '/up', hostHeader: 'b.example' },
    },
  ],
  [
    `vless://${UUID}@a.example:443?type=splithttp&path=%2F&security=tls&alpn=h2,http/1.1&sni=`,
    {
      ...{ protocol: 'vless', host: 'a.example', port: 443, transport: 'xhttp', security: 'tls' },
      ...{ path: '/', alpn: ['h2', 'http/1.1'] },
    },
  ],
  [
    `trojan://pass%3Aword@a.example:443?security=tls&type=tcp&headerType=&path=&host=&sni=a.example`,
    { protocol: 'trojan', host: 'a.example', port: 443, transport: 'tcp', security: 'tls', sni: 'a.example' },
  ],
  [
    `ss://${base64('aes-256-gcm:secret')}@a.example:1080#name`,
    {
      protocol: 'shadowsocks',
      host: 'a.example',
      port: 1080,
      transport: 'tcp',
      security: 'none',
      cipher: 'aes-256-gcm',
    },
  ],
  [
    'ss://2022-blake3-aes-256-gcm:a%2Fb%3D@a.example:1080',
    {
      ...{ protocol: 'shadowsocks', host: 'a.example', port: 1080, transport: 'tcp', security: 'none' },
      cipher: '2022-blake3-aes-256-gcm',
    },
  ],
  [
    `ss://${Buffer.from('chacha20-ietf-poly1305:secret').toString('base64url')}@192.0.2.1:12345/?outline=1`,
    {
      ...{ protocol: 'outline', host: '192.0.2.1', port: 12_345, transport: 'tcp', security: 'none' },
      cipher: 'chacha20-ietf-poly1305',
    },
  ],
])('%s says how to connect', (link, endpoint) => {
  expect(endpointOf(link)).toEqual(endpoint);
});

it.each([
  `vmess://${base64('{"add":"a.example"}')}`,
  `vless://${UUID}@a.example:443?type=kcp`,
  `vless://${UUID}@a.example`,
  `vless://${UUID}@a.example:443?security=xtls`,
  'ss://bm8tY29sb24@a.example:1080',
  'https://a.example:443',
  'no link',
  '',
])('%s says nothing that is ours', (link) => {
  expect(endpointOf(link)).toBeUndefined();
});
