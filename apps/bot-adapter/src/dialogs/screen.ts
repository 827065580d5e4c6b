import type { Button, Invoice } from '../channels/channel';

/** What a button does in the product that shows it. */
export interface ActionCall {
  readonly action: string;
  /** Kept by us and not in the button, so it may be of any size. */
  readonly data?: unknown;
}

export type ScreenButton = { readonly label: string } & (
  ActionCall | { readonly url: string } | { readonly webApp: string } | { readonly invoice: Invoice }
);

export interface ScreenKeyboard {
  /** A key without an action just says its label. */
  readonly rows: readonly (readonly ({ readonly label: string; readonly webApp?: string } & Partial<ActionCall>)[])[];
  readonly once?: boolean;
}

/** One message of a product: what it says, and what can be done with it. */
export interface Screen {
  readonly text: string;
  /** Default: the text is shown exactly as it is. */
  readonly format?: 'markdown';
  readonly buttons?: readonly (readonly ScreenButton[])[];
  readonly keyboard?: ScreenKeyboard | 'remove';
  /** Shown above as a picture to be scanned: then it is a new message, and the text its caption. */
  readonly qr?: string;
  /** Of its buttons one works, and that one once. */
  readonly once?: boolean;
  /** In a group the buttons are for the person who asked, unless they are for everybody. */
  readonly forEverybody?: boolean;
}

export const isPressable = (button: ScreenButton): button is { readonly label: string } & ActionCall =>
  'action' in button;

/** Choices of which one holds, each on a row of its own when there are many. */
export function menu(text: string, choices: readonly (ActionCall & { label: string; chosen?: boolean })[]): Screen {
  const buttons = choices.map(({ label, chosen, ...call }) => ({ ...call, label: chosen ? `✓ ${label}` : label }));
  return { text, buttons: buttons.length <= 3 ? [buttons] : buttons.map((button) => [button]) };
}

export interface ListOptions<Item> {
  readonly text: string;
  readonly items: readonly Item[];
  /** From 0; one that does not exist (any more) becomes the last. */
  readonly page: number;
  readonly perPage?: number;
  readonly button: (item: Item) => ScreenButton;
  /** Shows another page. */
  readonly turnTo: (page: number) => ActionCall;
}

/** A button for each item, page by page. */
export function list<Item>({ text, items, page, perPage = 8, button, turnTo }: ListOptions<Item>): Screen {
  const last = Math.max(0, Math.ceil(items.length / perPage) - 1);
  const shown = Math.min(Math.max(0, page), last);
  const rows = items.slice(shown * perPage, (shown + 1) * perPage).map((item) => [button(item)]);
  const turn = (label: string, to: number): ScreenButton => ({ label, ...turnTo(to) });
  const turns = [
    ...(shown > 0 ? [turn('‹', shown - 1)] : []),
    ...(last > 0 ? [turn(`${shown + 1} / ${last + 1}`, shown)] : []),
    ...(shown < last ? [turn('›', shown + 1)] : []),
  ];
  return { text, buttons: turns.length > 0 ? [...rows, turns] : rows };
}

/** A question that is answered once. */
export function confirm(text: string, yes: ActionCall & { label: string }, no: ActionCall & { label: string }): Screen {
  return { text, buttons: [[yes, no]], once: true };
}

/** A button as the channel gets it. */
export function toChannel(button: ScreenButton, id: string | undefined): Button {
  if (!isPressable(button)) return button;
  return { label: button.label, data: id! };
}
