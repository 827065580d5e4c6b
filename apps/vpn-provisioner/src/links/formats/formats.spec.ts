import fc from 'fast-check';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Endpoint } from '../../panels/panel';
import { type Connection, fromAccessKey, NOWHERE, withUniqueNames } from './connection';
import { type AppFormat, formatFor, formatNamed, FORMATS } from './formats';
import { shareLink } from './share-links';

const credentials = { uuid: '11111111-2222-4333-8444-555555555555', password: 'p@ss/w:rd' };
const reality: Endpoint = {
  ...{ protocol: 'vless', host: 'de1.example.net', port: 443, transport: 'tcp', security: 'reality' },
  ...{ sni: 'www.example.com', publicKey: 'x25519-public-key', shortId: '0123', flow: 'xtls-rprx-vision' },
};
const webSocket: Endpoint = {
  ...{ protocol: 'vless', host: '2001:db8::1', port: 8443, transport: 'ws', security: 'tls' },
  ...{ path: '/way in?ed=2048', hostHeader: 'cdn.example.com', sni: 'cdn.example.com', alpn: ['h2', 'http/1.1'] },
  ...{ fingerprint: 'firefox', flow: 'xtls-rprx-vision' },
};
const trojan: Endpoint = {
  ...{ protocol: 'trojan', host: 'nl1.example.net', port: 443, transport: 'grpc', security: 'tls' },
  ...{ serviceName: 'svc', sni: 'nl1.example.net' },
};
const xhttp: Endpoint = { ...webSocket, host: 'fi1.example.net', transport: 'xhttp', path: '/x', flow: undefined };
const shadowsocks: Endpoint = {
  ...{ protocol: 'shadowsocks', host: 'us1.example.net', port: 9000, transport: 'tcp', security: 'none' },
};
const connection = (name: string, endpoint: Endpoint): Connection => ({ name, endpoint, credentials });
const ALL = [
  connection('🇩🇪 Frankfurt 1', reality),
  connection('🇩🇪 Frankfurt 2', webSocket),
  connection('🇳🇱 Amsterdam', trojan),
  connection('🇫🇮 Helsinki', xhttp),
  connection('🇺🇸 New York', shadowsocks),
];

const rendered = (format: AppFormat, connections: readonly Connection[] = ALL, notice?: string) =>
  FORMATS[format].render({
    title: 'Shop',
    connections: withUniqueNames(connections.filter(({ endpoint }) => FORMATS[format].supports(endpoint))),
    notice,
  });

describe('share links', () => {
  it.each([
    [
      reality,
      'vless://11111111-2222-4333-8444-555555555555@de1.example.net:443?encryption=none&flow=xtls-rprx-vision&type=tcp&security=reality&sni=www.example.com&fp=chrome&pbk=x25519-public-key&sid=0123#N%20%231',
    ],
    [
      // The flow is for TCP alone.
      webSocket,
      'vless://11111111-2222-4333-8444-555555555555@[2001:db8::1]:8443?encryption=none&type=ws&security=tls&sni=cdn.example.com&fp=firefox&alpn=h2%2Chttp%2F1.1&path=%2Fway%20in%3Fed%3D2048&host=cdn.example.com#N%20%231',
    ],
    [
      trojan,
      'trojan://p%40ss%2Fw%3Ard@nl1.example.net:443?type=grpc&security=tls&sni=nl1.example.net&serviceName=svc&mode=gun#N%20%231',
    ],
    [
      xhttp,
      'vless://11111111-2222-4333-8444-555555555555@fi1.example.net:8443?encryption=none&type=xhttp&security=tls&sni=cdn.example.com&fp=firefox&alpn=h2%2Chttp%2F1.1&path=%2Fx&host=cdn.example.com&mode=auto#N%20%231',
    ],
    [
      shadowsocks,
      `ss://${Buffer.from('chacha20-ietf-poly1305:p@ss/w:rd').toString('base64url')}@us1.example.net:9000#N%20%231`,
    ],
    [
      { ...shadowsocks, cipher: '2022-blake3-aes-128-gcm' },
      'ss://2022-blake3-aes-128-gcm:p%40ss%2Fw%3Ard@us1.example.net:9000#N%20%231',
    ],
  ])('of %j are what apps import', (endpoint, link) => {
    expect(shareLink(connection('N #1', endpoint))).toBe(link);
  });

  it('are a list in base64, and what a person should read is an entry of it', () => {
    const lines = Buffer.from(rendered('base64'), 'base64').toString().split('\n');
    expect(lines.map((line) => decodeURIComponent(line.split('#')[1]!))).toEqual(ALL.map(({ name }) => name));
    expect(Buffer.from(rendered('base64', [], 'Renew it'), 'base64').toString()).toBe(
      `vless://${NOWHERE.uuid}@127.0.0.1:1?encryption=none&type=tcp&security=none#Renew%20it`,
    );
  });

  it('of Outline are read in both of their forms', () => {
    const key = { protocol: 'shadowsocks', host: '203.0.113.9', port: 1234, cipher: 'chacha20-ietf-poly1305' };
    const login = Buffer.from('chacha20-ietf-poly1305:pass:word').toString('base64url');
    const whole = Buffer.from('chacha20-ietf-poly1305:pass:word@203.0.113.9:1234').toString('base64');
    for (const link of [`ss://${login}@203.0.113.9:1234/?outline=1#Anna`, `ss://${whole}#Anna`])
      expect(fromAccessKey(link)).toMatchObject({ endpoint: key, credentials: { password: 'pass:word' } });
    expect(fromAccessKey(`ss://${login}@[2001:db8::9]:1234`)?.endpoint.host).toBe('2001:db8::9');
    expect(fromAccessKey('https://example.com')).toBeUndefined();
  });
});

/** What Mihomo reads, as its documentation has it; a field that it does not know is a mistake of ours. */
const MihomoOptions = {
  ...{ name: z.string().min(1), server: z.string(), port: z.int().min(1).max(65_535), udp: z.literal(true).optional() },
};
const MihomoTransport = {
  network: z.enum(['tcp', 'ws', 'grpc', 'xhttp']),
  tls: z.literal(true).optional(),
  alpn: z.array(z.string()).optional(),
  'client-fingerprint': z.string().optional(),
  'reality-opts': z.strictObject({ 'public-key': z.string(), 'short-id': z.string().optional() }).optional(),
  'ws-opts': z
    .strictObject({
      path: z.string(),
      headers: z.strictObject({ Host: z.string() }).optional(),
      'max-early-data': z.int().optional(),
      'early-data-header-name': z.string().optional(),
      'v2ray-http-upgrade': z.literal(true).optional(),
    })
    .optional(),
  'grpc-opts': z.strictObject({ 'grpc-service-name': z.string() }).optional(),
  'xhttp-opts': z.strictObject({ path: z.string(), host: z.string().optional(), mode: z.string() }).optional(),
};
const MihomoProxy = z.discriminatedUnion('type', [
  z.strictObject({ ...MihomoOptions, type: z.literal('ss'), cipher: z.string(), password: z.string() }),
  z.strictObject({
    ...{ ...MihomoOptions, ...MihomoTransport, type: z.literal('trojan') },
    ...{ password: z.string(), sni: z.string().optional() },
  }),
  z.strictObject({
    ...{ ...MihomoOptions, ...MihomoTransport, type: z.literal('vless'), uuid: z.uuid() },
    ...{ flow: z.string().optional(), servername: z.string().optional(), 'packet-encoding': z.literal('xudp') },
  }),
]);
const MihomoProfile = z.strictObject({
  'mixed-port': z.int(),
  'allow-lan': z.boolean(),
  mode: z.literal('rule'),
  'log-level': z.string(),
  dns: z.strictObject({ enable: z.boolean(), 'enhanced-mode': z.literal('fake-ip'), nameserver: z.array(z.url()) }),
  proxies: z.array(MihomoProxy).min(1),
  'proxy-groups': z
    .array(
      z.strictObject({
        ...{ name: z.string(), type: z.enum(['select', 'url-test']), proxies: z.array(z.string()).min(1) },
        ...{ url: z.url().optional(), interval: z.int().optional(), tolerance: z.int().optional() },
      }),
    )
    .min(1),
  rules: z.array(z.string()),
});

describe('the profile of Mihomo', () => {
  const read = (text: string) => MihomoProfile.parse(parse(text));

  it('has each server as Mihomo knows it', () => {
    const { proxies } = read(rendered('mihomo'));
    expect(proxies).toEqual([
      {
        ...{ name: '🇩🇪 Frankfurt 1', type: 'vless', server: 'de1.example.net', port: 443, udp: true },
        ...{ uuid: credentials.uuid, network: 'tcp', tls: true, servername: 'www.example.com' },
        ...{ flow: 'xtls-rprx-vision', 'packet-encoding': 'xudp', 'client-fingerprint': 'chrome' },
        'reality-opts': { 'public-key': 'x25519-public-key', 'short-id': '0123' },
      },
      {
        ...{ name: '🇩🇪 Frankfurt 2', type: 'vless', server: '2001:db8::1', port: 8443, udp: true },
        ...{ uuid: credentials.uuid, network: 'ws', tls: true, servername: 'cdn.example.com' },
        ...{ 'packet-encoding': 'xudp', 'client-fingerprint': 'firefox', alpn: ['h2', 'http/1.1'] },
        'ws-opts': {
          ...{ path: '/way in', headers: { Host: 'cdn.example.com' }, 'max-early-data': 2048 },
          'early-data-header-name': 'Sec-WebSocket-Protocol',
        },
      },
      {
        ...{ name: '🇳🇱 Amsterdam', type: 'trojan', server: 'nl1.example.net', port: 443, udp: true },
        ...{ password: 'p@ss/w:rd', sni: 'nl1.example.net', tls: true },
        ...{ network: 'grpc', 'grpc-opts': { 'grpc-service-name': 'svc' } },
      },
      {
        ...{ name: '🇫🇮 Helsinki', type: 'vless', server: 'fi1.example.net', port: 8443, udp: true },
        ...{ uuid: credentials.uuid, network: 'xhttp', tls: true, servername: 'cdn.example.com' },
        ...{ 'packet-encoding': 'xudp', 'client-fingerprint': 'firefox', alpn: ['h2', 'http/1.1'] },
        'xhttp-opts': { path: '/x', host: 'cdn.example.com', mode: 'auto' },
      },
      {
        ...{ name: '🇺🇸 New York', type: 'ss', server: 'us1.example.net', port: 9000, udp: true },
        ...{ cipher: 'chacha20-ietf-poly1305', password: 'p@ss/w:rd' },
      },
    ]);
  });

  it('quotes what a reader of YAML 1.1 would take for something else than text', () => {
    expect(rendered('mihomo')).toContain('short-id: "0123"');
    const odd = [connection('no', { ...reality, shortId: '1_0' }), connection('0x1f', { ...reality, shortId: '1e5' })];
    expect(rendered('mihomo', odd)).toMatch(/name: "no"[^]*short-id: "1_0"[^]*name: "0x1f"[^]*short-id: "1e5"/);
  });

  it('is for Stash without XHTTP, and for the old Clash with what it has heard of', () => {
    const names = (format: AppFormat) => read(rendered(format)).proxies.map(({ name }) => name);
    expect(names('stash')).toEqual(['🇩🇪 Frankfurt 1', '🇩🇪 Frankfurt 2', '🇳🇱 Amsterdam', '🇺🇸 New York']);
    expect(names('clash')).toEqual(['🇳🇱 Amsterdam', '🇺🇸 New York']);
  });
});

/** What sing-box 1.12 to 1.14 reads of a profile; it refuses all of it for a field that it does not know. */
const SingBoxTls = z
  .strictObject({
    enabled: z.literal(true),
    server_name: z.string().optional(),
    alpn: z.array(z.string()).optional(),
    utls: z.strictObject({ enabled: z.literal(true), fingerprint: z.string() }).optional(),
    reality: z
      .strictObject({ enabled: z.literal(true), public_key: z.string(), short_id: z.string().regex(/^[0-9a-f]*$/) })
      .optional(),
  })
  .refine(({ reality: isReality, utls }) => !isReality || utls, 'reality needs utls');
const SingBoxTransport = z.discriminatedUnion('type', [
  z.strictObject({
    ...{ type: z.literal('ws'), path: z.string(), headers: z.strictObject({ Host: z.string() }).optional() },
    ...{ max_early_data: z.int().optional(), early_data_header_name: z.string().optional() },
  }),
  z.strictObject({ type: z.literal('grpc'), service_name: z.string() }),
  z.strictObject({ type: z.literal('httpupgrade'), host: z.string().optional(), path: z.string() }),
]);
const tag = z.string().min(1);
const place = { tag, server: z.string(), server_port: z.int().min(1).max(65_535) };
const Outbound = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('selector'), tag, outbounds: z.array(tag).min(1) }),
  z.strictObject({
    ...{ type: z.literal('urltest'), tag, outbounds: z.array(tag).min(1) },
    ...{ url: z.url(), interval: z.string(), tolerance: z.int() },
  }),
  z.strictObject({ type: z.literal('direct'), tag }),
  z.strictObject({
    ...{ ...place, type: z.literal('vless'), uuid: z.uuid(), flow: z.literal('xtls-rprx-vision').optional() },
    ...{ tls: SingBoxTls.optional(), transport: SingBoxTransport.optional() },
  }),
  z.strictObject({
    ...{ ...place, type: z.literal('trojan'), password: z.string() },
    ...{ tls: SingBoxTls.optional(), transport: SingBoxTransport.optional() },
  }),
  z.strictObject({ ...place, type: z.literal('shadowsocks'), method: z.string(), password: z.string() }),
]);
const SingBoxProfile = z.strictObject({
  log: z.strictObject({ level: z.string() }),
  dns: z.strictObject({
    servers: z.array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('tls'), tag, server: z.string(), detour: tag }),
        z.strictObject({ type: z.literal('local'), tag }),
      ]),
    ),
    final: tag,
  }),
  inbounds: z.array(
    z.strictObject({
      ...{ type: z.literal('tun'), tag, address: z.array(z.string()) },
      ...{ auto_route: z.boolean(), strict_route: z.boolean(), stack: z.enum(['system', 'gvisor', 'mixed']) },
    }),
  ),
  outbounds: z.array(Outbound),
  route: z.strictObject({
    rules: z.array(
      z.union([
        z.strictObject({ action: z.literal('sniff') }),
        z.strictObject({ protocol: z.literal('dns'), action: z.literal('hijack-dns') }),
        z.strictObject({ ip_is_private: z.literal(true), outbound: tag }),
      ]),
    ),
    final: tag,
    default_domain_resolver: z.strictObject({ server: tag }),
    auto_detect_interface: z.boolean(),
  }),
});

describe('the profile of sing-box', () => {
  const read = (text: string) => SingBoxProfile.parse(JSON.parse(text));

  it('has each server that sing-box can use', () => {
    const { outbounds } = read(rendered('sing-box'));
    expect(outbounds.slice(2, -1)).toEqual([
      {
        ...{ type: 'vless', tag: '🇩🇪 Frankfurt 1', server: 'de1.example.net', server_port: 443 },
        ...{ uuid: credentials.uuid, flow: 'xtls-rprx-vision' },
        tls: {
          ...{ enabled: true, server_name: 'www.example.com', utls: { enabled: true, fingerprint: 'chrome' } },
          reality: { enabled: true, public_key: 'x25519-public-key', short_id: '0123' },
        },
      },
      {
        ...{ type: 'vless', tag: '🇩🇪 Frankfurt 2', server: '2001:db8::1', server_port: 8443 },
        uuid: credentials.uuid,
        tls: {
          ...{ enabled: true, server_name: 'cdn.example.com', alpn: ['h2', 'http/1.1'] },
          utls: { enabled: true, fingerprint: 'firefox' },
        },
        transport: {
          ...{ type: 'ws', path: '/way in', headers: { Host: 'cdn.example.com' } },
          ...{ max_early_data: 2048, early_data_header_name: 'Sec-WebSocket-Protocol' },
        },
      },
      {
        ...{ type: 'trojan', tag: '🇳🇱 Amsterdam', server: 'nl1.example.net', server_port: 443 },
        ...{ password: 'p@ss/w:rd', tls: { enabled: true, server_name: 'nl1.example.net' } },
        transport: { type: 'grpc', service_name: 'svc' },
      },
      {
        ...{ type: 'shadowsocks', tag: '🇺🇸 New York', server: 'us1.example.net', server_port: 9000 },
        ...{ method: 'chacha20-ietf-poly1305', password: 'p@ss/w:rd' },
      },
    ]);
  });
});

describe('the dynamic key of Outline', () => {
  it('is the first server that speaks Shadowsocks', () => {
    const wanted = {
      ...{ $type: 'shadowsocks', endpoint: 'us1.example.net:9000' },
      ...{ cipher: 'chacha20-ietf-poly1305', secret: 'p@ss/w:rd' },
    };
    expect(parse(rendered('outline'))).toEqual({ transport: { $type: 'tcpudp', tcp: wanted, udp: wanted } });
  });

  it('is an error that the app shows when there is none', () => {
    expect(parse(rendered('outline', [], 'Renew: it'))).toEqual({ error: { message: 'Renew: it' } });
  });
});

const anEndpoint = fc.record({
  protocol: fc.constantFrom('vless', 'trojan', 'shadowsocks'),
  host: fc.oneof(fc.domain(), fc.ipV6(), fc.ipV4()),
  port: fc.integer({ min: 1, max: 65_535 }),
  transport: fc.constantFrom('tcp', 'ws', 'grpc', 'httpupgrade', 'xhttp'),
  path: fc.option(fc.webPath(), { nil: undefined }),
  hostHeader: fc.option(fc.domain(), { nil: undefined }),
  serviceName: fc.option(fc.string(), { nil: undefined }),
  security: fc.constantFrom('none', 'tls', 'reality'),
  sni: fc.option(fc.domain(), { nil: undefined }),
  alpn: fc.option(fc.constant(['h2']), { nil: undefined }),
  publicKey: fc.string({ minLength: 1 }),
  shortId: fc.option(fc.constantFrom('', '0123', '1e10', '00'), { nil: undefined }),
  flow: fc.option(fc.constant('xtls-rprx-vision'), { nil: undefined }),
}) as fc.Arbitrary<Endpoint>;
const aConnection = fc.record({
  name: fc.oneof(fc.string(), fc.constantFrom('direct', '⚡ Auto', 'A', 'A 2', '', 'a, b', 'no', '1.0')),
  endpoint: anEndpoint,
  credentials: fc.record({ uuid: fc.uuid(), password: fc.string({ minLength: 1 }) }),
});

it('profiles refer to entries that are there, each name once, whatever servers are called', () => {
  fc.assert(
    fc.property(fc.array(aConnection, { minLength: 1, maxLength: 6 }), (connections) => {
      const usable = (format: AppFormat) => connections.some(({ endpoint }) => FORMATS[format].supports(endpoint));
      if (usable('mihomo')) {
        const { proxies, 'proxy-groups': groups, rules } = MihomoProfile.parse(parse(rendered('mihomo', connections)));
        const names = [...proxies, ...groups].map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        for (const group of groups) for (const name of group.proxies) expect(names).toContain(name);
        expect(rules.at(-1)).toBe(`MATCH,${groups[0]!.name}`);
      }
      if (usable('sing-box')) {
        const { outbounds, route, dns } = SingBoxProfile.parse(JSON.parse(rendered('sing-box', connections)));
        const tags = outbounds.map((outbound) => outbound.tag);
        expect(new Set(tags).size).toBe(tags.length);
        const references = outbounds.flatMap((outbound) => ('outbounds' in outbound ? outbound.outbounds : []));
        for (const reference of [...references, route.final]) expect(tags).toContain(reference);
        const servers = dns.servers.map((server) => server.tag);
        expect(servers).toEqual(expect.arrayContaining([dns.final, route.default_domain_resolver.server]));
      }
      for (const line of Buffer.from(rendered('base64', connections), 'base64').toString().split('\n'))
        expect(new URL(line).protocol).toMatch(/^(vless|trojan|ss):$/);
    }),
    { numRuns: 200 },
  );
});

it('a notice is a profile, too', () => {
  expect(MihomoProfile.parse(parse(rendered('mihomo', [], '⌛ Renew'))).proxies[0]!.name).toBe('⌛ Renew');
  expect(SingBoxProfile.parse(JSON.parse(rendered('sing-box', [], '⌛ Renew'))).outbounds[1]!.tag).toBe('⌛ Renew');
});

describe('who asks gets the format they read', () => {
  it.each([
    ['v2rayNG/1.9.5', 'base64'],
    ['Happ/3.8.1/ios', 'base64'],
    ['Streisand', 'base64'],
    ['clash-verge/v2.4.2', 'mihomo'],
    ['ClashMeta/2.11', 'mihomo'],
    ['clash.meta', 'mihomo'],
    ['FlClash X/v0.3', 'mihomo'],
    ['mihomo/1.19.17', 'mihomo'],
    ['Stash/3.2', 'stash'],
    ['Clash/1.18', 'clash'],
    ['SFI/1.12.0 (Build 3; sing-box 1.12.0)', 'sing-box'],
    ['SFA/1.14', 'sing-box'],
    ['Karing/1.2', 'sing-box'],
    ['HiddifyNext/2.5 (ios) like ClashMeta v2ray sing-box', 'sing-box'],
    // Not at its beginning: it is another app.
    ['xsfi/1', 'base64'],
    ['Outline/1.15', 'outline'],
    [undefined, 'base64'],
  ])('%s: %s', (userAgent, format) => {
    expect(formatFor('*/*', userAgent)).toBe(format);
  });

  it('browsers get a page, and names of formats are taken as people write them', () => {
    expect(formatFor('text/html,application/xhtml+xml', 'Mozilla/5.0')).toBe('page');
    expect(['clash-meta', 'singbox', 'links', 'html', 'constructor', 'pdf'].map(formatNamed)).toEqual([
      ...['mihomo', 'sing-box', 'base64', 'page', undefined, undefined],
    ]);
  });
});
