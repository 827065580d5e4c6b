import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { invalidRequest, missing } from './api-error';

/** What Stripe answers with, as far as it is the same of everything. */
export interface StripeObject {
  id: string;
  object: string;
  created: number;
  livemode: boolean;
  metadata?: Record<string, string>;
}

/** Who sells: known by the secret key. */
export const Account = z.object({
  key: z.string().regex(/^(sk|rk)_(test|live)_\w+$/),
  /** As people see it where they pay. */
  name: z.string().default('Sandbox shop'),
  /** Where it is told what happens, and what that is signed with. */
  webhook: z
    .object({ url: z.url(), secret: z.string().default('whsec_sandbox') })
    .nullable()
    .default(null),
  /** The same for events of the newer kind, such as of meters. */
  thinWebhook: z
    .object({ url: z.url(), secret: z.string().default('whsec_thin_sandbox') })
    .nullable()
    .default(null),
  /** It was rolled, and its time is over. */
  expired: z.boolean().default(false),
  /** Whether the customer portal was set up. */
  portal: z.boolean().default(true),
  /** Refunds wait for the bank. */
  slowRefunds: z.boolean().default(false),
});
export type Account = z.output<typeof Account>;

export const now = () => Math.floor(Date.now() / 1000);
export const opaqueId = (prefix: string) =>
  `${prefix}_${randomBytes(18).toString('base64url').replaceAll(/[-_]/g, 'x')}`;
export const isLive = ({ key }: Account) => /^.._live_/.test(key);

/** What is the same of every new object. */
export const head = <Kind extends string>(account: Account, prefix: string, object: Kind) => ({
  id: opaqueId(prefix),
  object,
  created: now(),
  livemode: isLive(account),
});

interface Kept {
  account: string;
  value: StripeObject;
}

const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(10),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
});

/** Everything there is, each of one account. */
export class Objects {
  private kept = new Map<string, Kept>();

  add<T extends StripeObject>(account: Account, value: T): T {
    this.kept.set(value.id, { account: account.key, value });
    return value;
  }

  remove(id: string): void {
    this.kept.delete(id);
  }

  find<T extends StripeObject>(account: Account, object: T['object'], id: string): T | undefined {
    const found = this.kept.get(id);
    return found?.account === account.key && found.value.object === object ? (found.value as T) : undefined;
  }

  /** Throws as Stripe does: 404 for what is asked for, 400 for what is named by a parameter. */
  get<T extends StripeObject>(account: Account, object: T['object'], id: string, param = 'id'): T {
    const found = this.find<T>(account, object, id);
    if (!found) throw missing(object.replaceAll(/[._]/g, ' '), id, param, param === 'id' ? 404 : 400);
    return found;
  }

  /** The newest first. */
  of<T extends StripeObject>(account: Account, object: T['object']): T[] {
    return [...this.kept.values()]
      .filter((one) => one.account === account.key && one.value.object === object)
      .map(({ value }) => value as T)
      .reverse();
  }

  /** Of every account, for tests. */
  all(object: string): (StripeObject & { account: string })[] {
    const found = [...this.kept.values()].filter(({ value }) => value.object === object);
    return found.map(({ account, value }) => ({ ...value, account }));
  }

  /** Which account something is of. */
  accountOf(id: string): string | undefined {
    return this.kept.get(id)?.account;
  }

  page<T extends StripeObject>(url: string, all: readonly T[], params: unknown): object {
    const { limit, starting_after: after, ending_before: before } = Page.parse(params);
    const at = (id: string, param: string) => {
      const index = all.findIndex((one) => one.id === id);
      if (index < 0) throw missing('object', id, param, 400);
      return index;
    };
    const from = after === undefined ? 0 : at(after, 'starting_after') + 1;
    const to = before === undefined ? from + limit : at(before, 'ending_before');
    const start = before === undefined ? from : Math.max(0, to - limit);
    return {
      object: 'list',
      url,
      has_more: before === undefined ? to < all.length : start > 0,
      data: all.slice(start, to),
    };
  }

  /** A copy in which the ids at these paths are what they stand for. */
  expanded(account: Account, value: object, paths: readonly string[]): object {
    const copy = structuredClone(value);
    for (const path of paths) {
      const steps = path.split('.');
      if (steps.length > 4)
        throw invalidRequest('You cannot expand more than 4 levels of a property.', { param: 'expand' });
      this.expand(account, copy, steps, path);
    }
    return copy;
  }

  private expand(account: Account, value: unknown, [step, ...rest]: readonly string[], path: string): void {
    if (value === null || step === undefined) return;
    if (Array.isArray(value)) return value.forEach((one) => this.expand(account, one, [step, ...rest], path));
    const fields = value as Record<string, unknown>;
    if (!(step in fields)) throw invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
    const found = typeof fields[step] === 'string' ? this.kept.get(fields[step]) : undefined;
    if (found?.account === account.key) fields[step] = structuredClone(found.value);
    this.expand(account, fields[step], rest, path);
  }

  save(): object {
    return [...this.kept.values()];
  }

  restore(kept: unknown): void {
    this.kept = new Map((kept as Kept[]).map((one) => [one.value.id, one]));
  }

  clear(): void {
    this.kept.clear();
  }
}
