import { CloudOff, RefreshCw, SearchX, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './button';
import { useKitTexts } from './kit.texts';
import { type ProblemDocument, problemOf } from './problem-document';
import './problem.css';

interface ProblemProps {
  error: unknown;
  /** What was tried, as a title: “The bots could not be loaded”. */
  title?: ReactNode;
  retry?: () => void;
}

/** A place that could not be filled: why, what to do, and the ids by which the logs are searched. */
export function ProblemState({ error, title, retry }: ProblemProps) {
  const t = useKitTexts();
  const problem = problemOf(error);
  // A link to something that was removed is no failure.
  const isMissing = problem?.status === 404;
  return (
    <div className="ui-problem-state" role="alert">
      <span className="ui-empty-icon" data-tone={isMissing ? undefined : 'bad'}>
        {isMissing ? <SearchX /> : problem ? <TriangleAlert /> : <CloudOff />}
      </span>
      <h2>{title ?? (isMissing ? t.problem.missing : problem ? t.problem.title : t.problem.offline)}</h2>
      <p>{problem ? sentenceOf(problem) : t.problem.offlineText}</p>
      {problem?.retryAfter !== undefined && <p>{t.problem.waitSeconds(problem.retryAfter)}</p>}
      {retry && (
        <div className="ui-empty-action">
          <Button icon={<RefreshCw />} onPress={retry}>
            {t.retry}
          </Button>
        </div>
      )}
      {problem && <ProblemIds problem={problem} />}
    </div>
  );
}

/** The same as a line above a button or a list. */
export function ProblemLine({ error }: { error: unknown }) {
  const t = useKitTexts();
  const problem = problemOf(error);
  return (
    <div className="ui-problem-line" role="alert">
      <TriangleAlert aria-hidden />
      <div>
        <p>{problem ? sentenceOf(problem) : `${t.problem.offline}. ${t.problem.offlineText}`}</p>
        {problem && problem.status >= 500 && <ProblemIds problem={problem} />}
      </div>
    </div>
  );
}

function ProblemIds({ problem: { traceId, instance, code } }: { problem: ProblemDocument }) {
  const t = useKitTexts();
  return (
    <p className="ui-problem-ids">
      <code>{code}</code>
      {traceId ? (
        <span>
          {t.problem.trace} <code>{traceId}</code>
        </span>
      ) : (
        instance && (
          <span>
            {t.problem.request} <code>{instance.replace('/requests/', '')}</code>
          </span>
        )
      )}
    </p>
  );
}

const sentenceOf = ({ detail, title }: ProblemDocument): string => detail ?? title;
