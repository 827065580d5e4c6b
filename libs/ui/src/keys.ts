const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.userAgent);

/**
 * A key press as commands name it: `mod+k`, `shift+enter`, `g`, `?`. Letters and digits are told by their place on the
 * keyboard, so that they work on a Russian one as well; `undefined` for what is no shortcut.
 */
export function keysPressed({ key, code, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): string | undefined {
  if (altKey || ['Shift', 'Control', 'Alt', 'Meta'].includes(key)) return undefined;
  const isMod = isMac() ? metaKey : ctrlKey;
  if ((ctrlKey || metaKey) && !isMod) return undefined;
  if (key === '?') return '?';
  if (code === 'Slash' && !shiftKey) return isMod ? 'mod+/' : '/';
  const letter = /^(?:Key|Digit)([A-Z0-9])$/.exec(code)?.[1]?.toLowerCase();
  const name = letter ?? key.toLowerCase().replace(/^arrow/, '');
  return `${isMod ? 'mod+' : ''}${shiftKey ? 'shift+' : ''}${name}`;
}
