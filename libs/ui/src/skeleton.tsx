import './skeleton.css';

/** The shape of a text that is still being loaded; it shows itself after 200 ms, because most answers are faster. */
export function Skeleton({ width = '100%', height = 12 }: { width?: number | string; height?: number }) {
  return <span className="ui-skeleton" aria-hidden style={{ width, height }} />;
}

/** Lines of a text that is still being loaded. */
export function SkeletonLines({ lines = 3, label }: { lines?: number; label: string }) {
  return (
    <div className="ui-skeleton-lines" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} width={i === lines - 1 ? '60%' : `${90 - (i % 3) * 8}%`} />
      ))}
    </div>
  );
}
