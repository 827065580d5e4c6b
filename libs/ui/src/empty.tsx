import type { ReactNode } from 'react';
import { Inbox, Lock, SearchX } from 'lucide-react';
import { Button } from './button';
import { useKitTexts } from './kit.texts';
import './empty.css';

interface EmptyProps {
  icon?: ReactNode;
  title: ReactNode;
  /** One sentence: what would stand here, and how it comes here. */
  children?: ReactNode;
  /** The one thing to do now; leave it out for those who may not. */
  action?: ReactNode;
  /** Rows or cards as they would look, drawn faded behind the words. */
  example?: ReactNode;
}

/** There is nothing yet. */
export function Empty({ icon, title, children, action, example }: EmptyProps) {
  return (
    <div className="ui-empty" data-example={example ? true : undefined}>
      {example && (
        <div className="ui-empty-example" aria-hidden inert>
          {example}
        </div>
      )}
      <div className="ui-empty-words">
        <span className="ui-empty-icon">{icon ?? <Inbox />}</span>
        <h2>{title}</h2>
        {children && <p>{children}</p>}
        {action && <div className="ui-empty-action">{action}</div>}
      </div>
    </div>
  );
}

/** There is something, but the filters let none of it through. */
export function NoMatch({ onClear, children }: { onClear?: () => void; children?: ReactNode }) {
  const t = useKitTexts();
  return (
    <Empty
      icon={<SearchX />}
      title={t.empty.noMatch}
      action={onClear && <Button onPress={onClear}>{t.empty.clearFilters}</Button>}
    >
      {children}
    </Empty>
  );
}

/** There may be something, but not for this role. @param children who can give the right */
export function NoRight({ children }: { children: ReactNode }) {
  return <Empty icon={<Lock />} title={children} />;
}
