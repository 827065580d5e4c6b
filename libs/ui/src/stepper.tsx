import { Check } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useKitTexts } from './kit.texts';
import './stepper.css';

interface Step {
  id: string;
  title: string;
}

/** Where one is on the way through a wizard; steps that were done can be gone back to. */
export function Stepper({
  label,
  steps,
  current,
  onGo,
  children,
}: {
  label: string;
  steps: readonly Step[];
  current: string;
  onGo?: (id: string) => void;
  children: ReactNode;
}) {
  const t = useKitTexts();
  const at = steps.findIndex(({ id }) => id === current);
  const head = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    // Who goes on hears where they are; who opens the wizard begins with its name.
    if (!isFirst.current) head.current?.focus();
    isFirst.current = false;
  }, [current]);
  return (
    <div className="ui-stepper">
      <nav aria-label={label}>
        <ol>
          {steps.map(({ id, title }, i) => {
            const state = i < at ? 'done' : i === at ? 'now' : 'later';
            const inside = (
              <>
                <span className="ui-step-mark">{state === 'done' ? <Check /> : i + 1}</span>
                <span className="ui-step-title">{title}</span>
              </>
            );
            return (
              <li key={id} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
                {state === 'done' && onGo ? (
                  <button type="button" onClick={() => onGo(id)}>
                    {inside}
                  </button>
                ) : (
                  <span>{inside}</span>
                )}
              </li>
            );
          })}
        </ol>
      </nav>
      <section className="ui-step">
        <p className="ui-step-count">{t.steps.step(at + 1, steps.length)}</p>
        <h2 ref={head} tabIndex={-1}>
          {steps[at]?.title}
        </h2>
        {children}
      </section>
    </div>
  );
}
