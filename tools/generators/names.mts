const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Refuses what is not kebab-case: names become those of files, queues and tables. */
export function kebab(name: string | undefined, what: string): string {
  if (!name) throw new Error(`${what} is missing.`);
  if (!KEBAB.test(name)) throw new Error(`${what} is in kebab-case, like vpn-provisioner: "${name}".`);
  return name;
}

/** `bot-adapter` → `BotAdapter` */
export const pascal = (name: string) => name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** `bot-adapter` → `botAdapter` */
export const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** `bot-adapter` → `bot_adapter` */
export const snake = (name: string) => name.replaceAll('-', '_');

/** `bot-adapter` → `bot adapter` */
export const words = (name: string) => name.replaceAll('-', ' ');

/** `refunds` → `refund`, `deliveries` → `delivery`; a name without a plural stays: `access`. */
export function singular(name: string): string {
  if (name.endsWith('ss')) return name;
  if (/(ss|x)es$/.test(name)) return name.slice(0, -2);
  return name.replace(/ies$/, 'y').replace(/s$/, '');
}

/** `refund` → `a refund`, `order-line` → `an order line` */
export const aNoun = (name: string) => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${words(name)}`;
