import './kbd.css';

const isMac = () => /mac|iphone|ipad/i.test(navigator.userAgent);

const signs: Record<string, string> = {
  mod: isMac() ? '⌘' : 'Ctrl',
  shift: isMac() ? '⇧' : 'Shift',
  enter: '↵',
  escape: 'Esc',
  up: '↑',
  down: '↓',
};

/** @param keys as commands name them: `mod+k`, `g p`, `?` */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="ui-kbd-row" aria-hidden>
      {keys.split(/[ +]/).map((key) => (
        <kbd key={key} className="ui-kbd">
          {signs[key] ?? key.toUpperCase()}
        </kbd>
      ))}
    </span>
  );
}
