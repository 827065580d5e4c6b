import { createContext, type ReactNode, use, useEffect, useId, useRef, useState, useSyncExternalStore } from 'react';
import { Dialog, DialogBody } from './dialog';
import { Kbd } from './kbd';
import { keysPressed } from './keys';
import { useKitTexts } from './kit.texts';
import './commands.css';

/** Something that can be done from anywhere: by its keys, and from the palette. */
export interface Command {
  id: string;
  title: string;
  /** The head under which palette and help show it. */
  group: string;
  icon?: ReactNode;
  /** `mod+k`, `g p` (one after the other), `?`, `x`. */
  keys?: string;
  /** Further words by which it is found. */
  words?: string;
  run: () => void;
  /** Known by its keys only. */
  hidden?: boolean;
}

class CommandRegistry {
  private readonly groups = new Map<string, readonly Command[]>();
  private readonly listeners = new Set<() => void>();
  private all: readonly Command[] = [];

  set(owner: string, commands: readonly Command[] | undefined): void {
    if (commands) this.groups.set(owner, commands);
    else this.groups.delete(owner);
    this.all = [...this.groups.values()].flat();
    for (const listener of this.listeners) listener();
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The newest first: what a page says goes before what the shell says. */
  commands = () => this.all;
}

const CommandContext = createContext<CommandRegistry | undefined>(undefined);

/** Listens to the keys of all commands below it, and shows them on `?`. */
export function CommandProvider({ children }: { children: ReactNode }) {
  const [registry] = useState(() => new CommandRegistry());
  const [helpOpen, setHelpOpen] = useState(false);
  useEffect(() => {
    let prefix = '';
    const press = (event: KeyboardEvent) => {
      const pressed = keysPressed(event);
      if (!pressed || event.defaultPrevented) return;
      if (!pressed.includes('mod+') && isBusy(event)) return;
      // What has the focus is pressed by it.
      if (pressed === 'enter' && (event.target as Element).closest('a, button, summary, [role=button]')) return;
      if (pressed === '?') return setHelpOpen(true);
      const wanted = prefix ? `${prefix} ${pressed}` : pressed;
      const commands = registry.commands();
      const found =
        commands.findLast(({ keys }) => keys === wanted) ?? commands.findLast(({ keys }) => keys === pressed);
      prefix = !found && commands.some(({ keys }) => keys?.startsWith(`${pressed} `)) ? pressed : '';
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [registry]);
  return (
    <CommandContext value={registry}>
      {children}
      <ShortcutHelp isOpen={helpOpen} onOpenChange={setHelpOpen} />
    </CommandContext>
  );
}

function useRegistry(): CommandRegistry {
  const registry = use(CommandContext);
  if (!registry) throw new Error('There is no <CommandProvider> around this part');
  return registry;
}

/** Adds commands for as long as the part is on the page. */
export function useCommands(commands: readonly Command[]): void {
  const registry = useRegistry();
  const owner = useId();
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  // What a command does may change with every rendering; what is shown of it does not.
  const shown = JSON.stringify(
    commands.map(({ id, title, group, keys, words, hidden }) => [id, title, group, keys, words, hidden]),
  );
  useEffect(() => {
    const run = (id: string) => latest.current.find((command) => command.id === id)?.run();
    registry.set(
      owner,
      latest.current.map((command) => ({ ...command, run: () => run(command.id) })),
    );
    return () => registry.set(owner, undefined);
  }, [registry, owner, shown]);
}

export function useAllCommands(): readonly Command[] {
  const registry = useRegistry();
  return useSyncExternalStore(registry.subscribe, registry.commands);
}

/** Whether a key belongs to a field, a menu or a dialog. */
function isBusy({ target }: KeyboardEvent): boolean {
  if (
    document.querySelector(
      '[role="dialog"], [role="alertdialog"][data-rac]:not(.ui-toast), [role="menu"], [role="listbox"]',
    )
  )
    return true;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)))
  );
}

function ShortcutHelp({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useKitTexts();
  const withKeys = useAllCommands().filter(({ keys }) => keys);
  const groups = Map.groupBy(withKeys, ({ group }) => group);
  return (
    <Dialog title={t.shortcuts.title} width="wide" isOpen={isOpen} onOpenChange={onOpenChange}>
      <DialogBody>
        <div className="ui-shortcuts">
          {[...groups].map(([group, commands]) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
                {commands.map(({ id, title, keys }) => (
                  <div key={id}>
                    <dt>{title}</dt>
                    <dd>
                      <span className="visually-hidden">{keys?.replaceAll(' ', ` ${t.shortcuts.then} `)}</span>
                      <Kbd keys={keys!} />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </DialogBody>
    </Dialog>
  );
}
