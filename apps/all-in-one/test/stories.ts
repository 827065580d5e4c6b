import { conversationStories } from './conversation.stories';
import { crowdStories } from './crowd.stories';
import { Installation } from './installation';
import { privacyStories } from './privacy.stories';
import { signInStories } from './sign-in.stories';
import { troubleStories } from './trouble.stories';
import { voiceStories } from './voice.stories';

const all = {
  privacy: privacyStories,
  conversations: conversationStories,
  'signing in': signInStories,
  voice: voiceStories,
  trouble: troubleStories,
  crowds: crowdStories,
};
type Subject = keyof typeof all;

/** What people can count on, whatever carries the events. */
export function stories(
  transport: () => Promise<Record<string, string>>,
  subjects: readonly Subject[] = Object.keys(all) as Subject[],
): void {
  let installation: Installation;

  beforeAll(async () => {
    installation = await Installation.start(await transport());
  }, 60_000);
  afterAll(() => installation?.stop());
  beforeEach(() => installation.sandbox.calm());

  describe.each(subjects)('%s', (subject) => all[subject](() => installation));
}
