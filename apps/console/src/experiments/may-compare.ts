import { useStaff } from '../session';
import { promptBotOf } from './metrics';

/**
 * Whether somebody may plan, start and decide an experiment at a place: what people get there they may also have to be allowed to write.
 * Without a place, whether they may compare prompts, which is what is compared from here.
 */
export function useMayCompare(): (experiment?: { place: string; botId: string | null }) => boolean {
  const { can } = useStaff();
  return (experiment) => {
    const botId = experiment?.botId ?? undefined;
    const isOfPrompt = !experiment || promptBotOf(experiment.place) !== undefined;
    return can('experiments:write', botId) && (!isOfPrompt || can('prompts:write', botId));
  };
}
