import { SandboxClient } from '../../sandbox/src/client';
import { startSandbox } from '../../sandbox/src/sandbox';

/** OpenAI as it is played, answering at once. */
export async function startOpenAi() {
  const sandbox = await startSandbox({
    openai: { pace: { firstTokenMs: 0, betweenTokensMs: 0, betweenReasoningTokensMs: 0 } },
  });
  return {
    baseUrl: sandbox.openAiUrl,
    apiKey: 'sk-sandbox',
    requests: () => new SandboxClient(sandbox.url).openai.requests(),
    stop: () => sandbox.close(),
  };
}
