import { FirstBot } from '../bots/bot-scope';

export const FirstPromotionsPage = () => <FirstBot to={(botId) => `/console/promotions/${botId}`} />;
