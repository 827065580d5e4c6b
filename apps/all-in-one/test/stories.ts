import { conversationStories } from './conversation.stories';
import { crowdStories } from './crowd.stories';
import { Installation } from './installation';
import { privacyStories } from './privacy.stories';
import { troubleStories } from './trouble.stories';
import { voiceStories } from './voice.stories';

/** What people can count on, whatever carries the events. */
export function stories(transport: () => Promise<Record<string, string>>): void {
  let installation: Installation;

  beforeAll(async () => {
    installation = await Installation.start(await transport());
  }, 60_000);
  afterAll(() => installation?.stop());
  beforeEach(() => installation.sandbox.calm());

  describe('privacy', () => privacyStories(() => installation));
  describe('conversations', () => conversationStories(() => installation));
  describe('voice', () => voiceStories(() => installation));
  describe('trouble', () => troubleStories(() => installation));
  describe('crowds', () => crowdStories(() => installation));
}
