import type { Router } from 'express';
import type { FaultKinds, Faults } from './faults';
import type { CallLog } from './call-log';

/** Somebody who lives in the sandbox, the same for every third party that knows people. */
export interface SandboxPerson {
  readonly id: number;
  readonly firstName: string;
  readonly lastName?: string;
  readonly username?: string;
  readonly languageCode: string;
}

/** What the kit gives to a third party. */
export interface Context {
  /** Ask `faults.next('<party>.<target>')` at each request and hand what comes to `applyFault`. */
  readonly faults: Faults;
  /** A folder of its own, for bytes that do not belong into `save()`. */
  readonly folder: string;
  /** Factor on waits; tests take less than 1. */
  readonly pace: number;
  /** Everybody on the phone. */
  people(): readonly SandboxPerson[];
  /** Tells that `save()` may give something new, when no request said so. */
  touch(): void;
}

/** One third party as the sandbox plays it. Persistence, reset, faults and the list of calls come with the kit. */
export interface ThirdPartySandbox {
  /** Where clients find it, below the sandbox's own address: `/telegram`. */
  readonly address: string;
  /** Its API, at any addresses below the root. */
  mount(app: Router): void;
  /** What tests ask of it, below `/control/<name>`. */
  control(router: Router): void;
  /** What it was asked: `GET` and `DELETE /control/<name>/calls`. */
  readonly calls: CallLog;
  /** The targets it asks faults for, without its name, and the kinds each of them knows. */
  readonly faults: Readonly<Record<string, FaultKinds>>;
  /** Forgets what has happened; who there is, and counters, stay. */
  reset(): void | Promise<void>;
  /** What the next start gets back, as JSON. */
  save(): object;
  /** Called once before anything else: what `save()` gave, or undefined at the first start. */
  restore(saved: unknown): void;
  /** The people it brings along, whom the others know as well. */
  people?(): Iterable<SandboxPerson>;
  /** What the page in the browser asks of it. That page is Telegram's phone; another party is steered by `control` alone. */
  readonly phoneApi?: { readonly path: string; readonly router: Router };
  /** Opens what is no HTTP, such as a port for mail, before anybody is told that the sandbox is ready. */
  listen?(host: string): Promise<void>;
  close?(): void | Promise<void>;
}

/** How a third party comes to be: one such constant in its folder, one line in the list of `sandbox.ts`. */
export interface PartyDefinition<Name extends string = string, Options extends object = object> {
  readonly name: Name;
  create(context: Context, options: Options): ThirdPartySandbox;
}

export const defineParty = <Name extends string, Options extends object>(
  party: PartyDefinition<Name, Options>,
): PartyDefinition<Name, Options> => party;
