import { FirstBot } from '../bots/bot-scope';

export const FirstPromptPage = () => <FirstBot to={(botId) => `/console/prompts/${botId}`} />;
