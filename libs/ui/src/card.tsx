import { type ReactNode, useId } from 'react';
import './card.css';

interface CardProps {
  title?: ReactNode;
  /** One sentence under the title. */
  about?: ReactNode;
  actions?: ReactNode;
  /** What stands in it reaches to its edges, as tables do. */
  flush?: boolean;
  children?: ReactNode;
}

export function Card({ title, about, actions, flush, children }: CardProps) {
  const id = useId();
  return (
    // A group and no region: so many landmarks would be none.
    <div
      className="ui-card"
      role={title ? 'group' : undefined}
      aria-labelledby={title ? id : undefined}
      data-flush={flush || undefined}
    >
      {(title || actions) && (
        <header className="ui-card-head">
          <div className="ui-card-title">
            <h2 id={id}>{title}</h2>
            {about && <p>{about}</p>}
          </div>
          {actions && <div className="ui-card-actions">{actions}</div>}
        </header>
      )}
      {children != null && <div className="ui-card-body">{children}</div>}
    </div>
  );
}
