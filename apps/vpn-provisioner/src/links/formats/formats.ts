import type { Endpoint } from '../../panels/panel';
import { isShadowsocks, type Profile } from './connection';
import { mihomo } from './mihomo';
import { outline } from './outline';
import { base64List } from './share-links';
import { singBox } from './sing-box';

export interface Format {
  readonly contentType: string;
  /** Whether its apps can use an endpoint; what they cannot is left out, or they would refuse the whole profile. */
  supports(endpoint: Endpoint): boolean;
  render(profile: Profile): string;
}

const YAML = 'text/yaml; charset=utf-8';
const isNotXhttp = ({ transport }: Endpoint) => transport !== 'xhttp';

export const FORMATS = {
  base64: {
    contentType: 'text/plain; charset=utf-8',
    supports: () => true,
    render: base64List,
  },
  mihomo: { contentType: YAML, supports: () => true, render: mihomo },
  stash: { contentType: YAML, supports: isNotXhttp, render: mihomo },
  /** Its core is of before VLESS. */
  clash: {
    contentType: YAML,
    supports: (endpoint) =>
      isShadowsocks(endpoint) ||
      (endpoint.protocol === 'trojan' &&
        endpoint.security === 'tls' &&
        ['tcp', 'ws', 'grpc'].includes(endpoint.transport)),
    render: mihomo,
  },
  'sing-box': {
    contentType: 'application/json; charset=utf-8',
    supports: isNotXhttp,
    render: singBox,
  },
  outline: { contentType: YAML, supports: isShadowsocks, render: outline },
} as const satisfies Readonly<Record<string, Format>>;

export type AppFormat = keyof typeof FORMATS;
export type FormatName = AppFormat | 'page';

/** Beginnings of User-Agents, in small letters. The first that fits counts. */
const BY_APP: readonly (readonly [RegExp, AppFormat])[] = [
  [
    /^(flclash|flowvy|murge|mihomo|prizrak-box|koala-clash|clash-verge|clash-nyanpasu|clashx meta|clash[.-]?meta)/,
    'mihomo',
  ],
  [/^stash/, 'stash'],
  [/^(sfa|sfi|sfm|sft|karing)|sing-?box/, 'sing-box'],
  [/^outline/, 'outline'],
  [/^clash/, 'clash'],
];

const BY_NAME: Readonly<Record<string, FormatName>> = {
  ...Object.fromEntries(Object.keys(FORMATS).map((name) => [name, name as AppFormat])),
  ...{ links: 'base64', v2ray: 'base64', 'clash-meta': 'mihomo', singbox: 'sing-box', html: 'page', page: 'page' },
};

/** Undefined for a name that is none. */
export const formatNamed = (name: string): FormatName | undefined =>
  Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;

/** What somebody wants who names no format: browsers say that they take HTML, and apps say who they are. */
export function formatFor(accept: string | undefined, userAgent: string | undefined): FormatName {
  if (accept?.includes('text/html')) return 'page';
  const app = userAgent?.toLowerCase() ?? '';
  return BY_APP.find(([pattern]) => pattern.test(app))?.[1] ?? 'base64';
}
