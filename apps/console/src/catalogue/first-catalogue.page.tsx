import { FirstBot } from '../bots/bot-scope';

export const FirstCataloguePage = () => <FirstBot to={(botId) => `/console/catalogue/${botId}`} />;
