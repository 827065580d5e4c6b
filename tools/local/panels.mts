type Account = Readonly<Record<string, string>>;

/** The panels that the sandbox plays. */
export const PANELS = ['marzban', 'three-x-ui', 'remnawave', 'outline'] as const;
export type Panel = (typeof PANELS)[number];

interface SetUp {
  readonly url: string;
  readonly settings: Record<string, unknown>;
  readonly secrets: Record<string, string>;
}

/** What staff write down of a panel, from what the sandbox says of it. */
export const SET_UP: Readonly<Record<Panel, (account: Account) => SetUp>> = {
  marzban: ({ url, username, password }) => ({
    url: url!,
    settings: { username, protocols: ['vless', 'trojan', 'shadowsocks'], flow: 'xtls-rprx-vision' },
    secrets: { password: password! },
  }),
  'three-x-ui': ({ url, token }) => ({
    url: url!,
    settings: { inbounds: [1, 2], flow: 'xtls-rprx-vision' },
    secrets: { token: token! },
  }),
  remnawave: ({ url, squad, token }) => ({
    url: url!,
    settings: { squads: [squad!] },
    secrets: { token: token! },
  }),
  outline: ({ apiUrl, certSha256 }) => {
    const { origin, pathname } = new URL(apiUrl!);
    return { url: origin, settings: { certSha256 }, secrets: { apiPath: pathname.slice(1) } };
  },
};
