import { refusedWith } from './refused-with';

/** Who asks the person to prove themselves anew; answers whether they did. */
type Prove = () => Promise<boolean>;

let prove: Prove | undefined;
/** Requests that are refused together are proven for once. */
let running: Promise<boolean> | undefined;

/** Registers the dialog that asks; answers how to take it away. */
export function onStepUp(ask: Prove): () => void {
  prove = ask;
  return () => {
    if (prove === ask) prove = undefined;
  };
}

/** `fetch`, which repeats what needed a fresh proof once the person has given it. */
export const fetchWithStepUp: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const again = request.clone();
  const response = await fetch(request);
  if (!prove || !(await refusedWith('step_up_required', response))) return response;
  running ??= prove().finally(() => (running = undefined));
  return (await running) ? fetch(again) : response;
};
