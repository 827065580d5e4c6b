/** In the order in which Telegram's menu shows them; the texts have a line for each under `commands`. */
export const COMMANDS = ['start', 'help', 'new', 'voice', 'language', 'privacy'] as const;
export type Command = (typeof COMMANDS)[number];

export const isCommand = (name: string): name is Command => (COMMANDS as readonly string[]).includes(name);
