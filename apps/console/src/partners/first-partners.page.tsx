import { FirstBot } from '../bots/bot-scope';

export const FirstPartnersPage = () => <FirstBot to={(botId) => `/console/partners/${botId}`} />;
