/** A bot's token is part of the address of each call to Telegram, so it gets into error messages and traces. */
const TOKEN_IN_PATH = /\/bot\d+(?::|%3A)[\w-]+/gi;
/** The address of a person's VPN, which is all that it takes to use it. */
const LINK_IN_PATH = /\/s\/[0-9A-Za-z]{28}(?![0-9A-Za-z])/g;
/** So do keys and signatures that are given as parameters, of whatever third party. */
const SECRET_PARAMETER = /([?&](?:[\w-]*(?:token|secret|password|signature)|(?:api_?)?key|sig|hash)=)[^&#\s"'<>]+/gi;
/** And what stands before the host. */
const USER_INFO = /(:\/\/)[^/@\s"'<>]+@/g;
/** Whose domain begins with no digit: `package@1.2.3` is none. */
const MAIL_ADDRESS = /[^\s<>"'()[\]/,;:@]{1,64}(?:@|%40)(?:[\p{L}\d-]+\.)+\p{L}[\p{L}\d-]+/giu;

/** Of the class "data exception": Postgres quotes the value that it could not read. */
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/;

/** An error of the database, without the value that it quotes. Names of tables and columns stay. */
export function withoutQuotedValues(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  if (!DATA_EXCEPTION.test(String(code ?? driverError?.code))) return error;
  const [message, stack] = [error.message, error.stack ?? ''].map((text) =>
    text.replace(/"[^]*?"(?=\n|$)|"[^"]*"/g, '"…"'),
  );
  return Object.assign(new Error(message), { name: error.name, code, stack });
}

/** Text of an error, an address or a query, without what would open a door. */
export const withoutTokens = (text: string): string =>
  text
    .replace(TOKEN_IN_PATH, '/bot[redacted]')
    .replace(LINK_IN_PATH, '/s/[redacted]')
    .replace(SECRET_PARAMETER, '$1[redacted]')
    .replace(USER_INFO, '$1[redacted]@');

export const withoutMailAddresses = (text: string): string => text.replace(MAIL_ADDRESS, '[redacted]');
