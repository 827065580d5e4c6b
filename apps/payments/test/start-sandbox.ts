import { SandboxClient } from '../../sandbox/src/client';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/src/sandbox';

export interface RunningSandbox {
  readonly sandbox: Sandbox;
  readonly client: SandboxClient;
}

/** Third parties on a port of their own, whose waits are short. */
export async function startProviders(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const sandbox = await startSandbox({ pace: 0.01, ...options });
  return { sandbox, client: new SandboxClient(sandbox.url) };
}
