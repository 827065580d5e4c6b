import { FirstBot } from '../bots/bot-scope';

export const FirstKnowledgePage = () => <FirstBot to={(botId) => `/console/knowledge/${botId}`} />;
