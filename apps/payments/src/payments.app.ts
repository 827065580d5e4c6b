import { definePayments } from './payments.module';
import { cloudpayments } from './providers/cloudpayments.provider';
import { cryptobot } from './providers/cryptobot.provider';
import { stripe } from './providers/stripe.provider';
import { telegramStars } from './providers/telegram-stars.provider';
import { wata } from './providers/wata.provider';
import { yookassa } from './providers/yookassa.provider';

export const paymentsApp = definePayments([yookassa, cloudpayments, stripe, wata, cryptobot, telegramStars]);
