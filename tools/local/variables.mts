import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mts';

/** `chat-ai` → `CHAT_AI`: how the variables of one service begin. As `prefixOf` of service-kit, which has to be built first. */
export const prefixOf = (service: string): string => service.replaceAll('-', '_').toUpperCase();

/** What a person has set in `.env` of the checkout. */
export function loadDotEnv(): void {
  const file = join(root, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}
