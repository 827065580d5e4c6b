import type { BotAdapterContact, GatewayPersonDetails } from '@switchboard/api-client';
import { Ago, Card, Link, ProblemLine, SkeletonLines, useKitTexts } from '@switchboard/ui';
import { usePersonHappenings } from './happenings';
import { usePeopleTexts } from './people.texts';

/** What happened with a person, out of all services that whoever looks may see; the latest first. */
export function PersonTimeline({
  userId,
  contacts,
  known,
}: {
  userId: string;
  contacts: readonly BotAdapterContact[];
  known?: GatewayPersonDetails;
}) {
  const t = usePeopleTexts();
  const kit = useKitTexts();
  const { happenings, errors, isLoading } = usePersonHappenings(userId, contacts, known);
  return (
    <Card flush>
      {errors.map((error, i) => (
        <ProblemLine key={i} error={error} />
      ))}
      {isLoading && <SkeletonLines lines={4} label={kit.loading} />}
      {happenings.length === 0 && !isLoading && <p className="ui-list-none">{t.timeline.none}</p>}
      <ol className="timeline">
        {happenings.map(({ id, at, icon, tone, title, about, href }) => (
          <li key={id} data-tone={tone}>
            <span className="timeline-sign" aria-hidden>
              {icon}
            </span>
            <span className="timeline-words">
              {href ? (
                <Link quiet href={href}>
                  {title}
                </Link>
              ) : (
                <span>{title}</span>
              )}
              {about && <small>{about}</small>}
            </span>
            <Ago at={at} />
          </li>
        ))}
      </ol>
    </Card>
  );
}
