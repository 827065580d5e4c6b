import { Module } from '@nestjs/common';
import { PaymentsPersonErased } from '@switchboard/contracts';
import { type AppDefinition, defineApp, PersonErasureModule } from '@switchboard/service-kit';
import { CreateLedger1764200000000 } from '../migrations/1764200000000-create-ledger';
import { CreateCatalogue1764200100000 } from '../migrations/1764200100000-create-catalogue';
import { CreatePromoCodes1764200150000 } from '../migrations/1764200150000-create-promo-codes';
import { CreateOrders1764200200000 } from '../migrations/1764200200000-create-orders';
import { CreateSubscriptions1764200300000 } from '../migrations/1764200300000-create-subscriptions';
import { CreateReconciliations1764200500000 } from '../migrations/1764200500000-create-reconciliations';
import { CreateRefunds1764200400000 } from '../migrations/1764200400000-create-refunds';
import { CreateReferrals1764210000000 } from '../migrations/1764210000000-create-referrals';
import { CreatePayouts1764210100000 } from '../migrations/1764210100000-create-payouts';
import { CreateGifts1764210200000 } from '../migrations/1764210200000-create-gifts';
import { CreateStars1764250000000 } from '../migrations/1764250000000-create-stars';
import { CreateUsageBilling1764300000000 } from '../migrations/1764300000000-create-usage-billing';
import { CreateLedgerMonths1764300100000 } from '../migrations/1764300100000-create-ledger-months';
import { IndexLists1764300200000 } from '../migrations/1764300200000-index-lists';
import { RestForChannel1764310000000 } from '../migrations/1764310000000-rest-for-channel';
import { CreateOffers1764320000000 } from '../migrations/1764320000000-create-offers';
import { CarryUse1764330000000 } from '../migrations/1764330000000-carry-use';
import { KeepMemberships1764330100000 } from '../migrations/1764330100000-keep-memberships';
import { TellAutomaticOrders1764330200000 } from '../migrations/1764330200000-tell-automatic-orders';
import { KeepTraces1764349000000 } from '../migrations/1764349000000-keep-traces';
import { CreateMailSettings1764340000000 } from '../migrations/1764340000000-create-mail-settings';
import { IndexOpenInvoices1764350000000 } from '../migrations/1764350000000-index-open-invoices';
import { IndexWaitingRenewals1764350010000 } from '../migrations/1764350010000-index-waiting-renewals';
import { IndexUnpaidOrders1764350100000 } from '../migrations/1764350100000-index-unpaid-orders';
import { ReadStarListsAnew1764351000000 } from '../migrations/1764351000000-read-star-lists-anew';
import { FindUnknownOrders1764351100000 } from '../migrations/1764351100000-find-unknown-orders';
import { KnowArchiveCopies1764351200000 } from '../migrations/1764351200000-know-archive-copies';
import { IndexRenewals1764351300000 } from '../migrations/1764351300000-index-renewals';
import { IndexSales1764351400000 } from '../migrations/1764351400000-index-sales';
import { IndexTakings1764351410000 } from '../migrations/1764351410000-index-takings';
import { IndexRefundsByTime1764351420000 } from '../migrations/1764351420000-index-refunds-by-time';
import { IndexPeriodsByTime1764351430000 } from '../migrations/1764351430000-index-periods-by-time';
import { CreateGoods1764620000000 } from '../migrations/1764620000000-create-goods';
import { CreateStore1764620010000 } from '../migrations/1764620010000-create-store';
import { CreateGoodsImports1764620020000 } from '../migrations/1764620020000-create-goods-imports';
import { CreateOrderDocuments1764620030000 } from '../migrations/1764620030000-create-order-documents';
import { KnowSellers1764620040000 } from '../migrations/1764620040000-know-sellers';
import { BalanceCorrection } from './balances/balance-correction.entity';
import { BalancesModule } from './balances/balances.module';
import { Package } from './catalogue/package.entity';
import { Plan } from './catalogue/plan.entity';
import { BackOfficeModule } from './back-office/back-office.module';
import { Campaign } from './campaigns/campaign.entity';
import { CampaignsModule } from './campaigns/campaigns.module';
import { Cart, CartLine } from './carts/cart.entity';
import { CartsModule } from './carts/carts.module';
import { CatalogueModule } from './catalogue/catalogue.module';
import { CheckoutModule } from './checkout/checkout.module';
import { DeliveryMethod } from './delivery/delivery-method.entity';
import { DeliveryModule } from './delivery/delivery.module';
import { DemoModule } from './demo/demo.module';
import { DocumentsModule } from './documents/documents.module';
import { OrderDocument } from './documents/order-document.entity';
import { EntitlementsModule } from './entitlements/entitlements.module';
import { Gift } from './gifts/gift.entity';
import { GiftsModule } from './gifts/gifts.module';
import { GoodsModule } from './goods/goods.module';
import { Product, Variant } from './goods/product.entity';
import { GoodsImport } from './goods-imports/goods-import.entity';
import { GoodsImportsModule } from './goods-imports/goods-imports.module';
import { GuestOrder } from './guests/guest-order.entity';
import { GuestsModule } from './guests/guests.module';
import { Invoice } from './invoices/invoice.entity';
import { InvoicesModule } from './invoices/invoices.module';
import { SavedMethod } from './invoices/saved-method.entity';
import { LedgerMonth } from './ledger/ledger-month.entity';
import { LedgerModule } from './ledger/ledger.module';
import { MailNoticesModule } from './mail-notices/mail-notices.module';
import { MailSettings } from './mail-notices/mail-settings.entity';
import { NotificationsModule } from './notifications/notifications.module';
import { Offer } from './offers/offer.entity';
import { OffersModule } from './offers/offers.module';
import { Order } from './orders/order.entity';
import { OrdersModule } from './orders/orders.module';
import { PartnersModule } from './partners/partners.module';
import { paymentsConfig } from './payments.config';
import { paymentsDataMap } from './payments.data-map';
import { Payout } from './payouts/payout.entity';
import { PayoutsModule } from './payouts/payouts.module';
import { PromoCode } from './promo-codes/promo-code.entity';
import { PromoCodesModule } from './promo-codes/promo-codes.module';
import type { ProviderDefinition } from './providers/payment-provider';
import { ProvidersModule } from './providers/providers.module';
import { paymentsSection } from './providers/providers.service';
import { ReconciliationModule } from './reconciliation/reconciliation.module';
import { Reconciliation } from './reconciliation/reconciliation.entity';
import { Partner } from './referrals/partner.entity';
import { Referral } from './referrals/referral.entity';
import { ReferralsModule } from './referrals/referrals.module';
import { Reward } from './referrals/reward.entity';
import { TrackedLink } from './referrals/tracked-link.entity';
import { Refund } from './refunds/refund.entity';
import { RefundsModule } from './refunds/refunds.module';
import { RenewalsModule } from './renewals/renewals.module';
import { StarSubscription } from './stars/star-subscription.entity';
import { StarsModule } from './stars/stars.module';
import { StockModule } from './stock/stock.module';
import { StockMove } from './stock/stock-move.entity';
import { Return } from './store-orders/return.entity';
import { StoreOrder, StoreOrderChange } from './store-orders/store-order.entity';
import { StoreOrdersModule } from './store-orders/store-orders.module';
import { Subscription } from './subscriptions/subscription.entity';
import { SubscriptionPackage } from './subscriptions/subscription-package.entity';
import { SubscriptionPeriod } from './subscriptions/subscription-period.entity';
import { SubscriptionsModule } from './subscriptions/subscriptions.module';
import { SegmentsModule } from './segments/segments.module';
import { ShopTerms } from './terms/shop-terms.entity';
import { TermsModule } from './terms/terms.module';
import { UsageAccount } from './usage-billing/usage-account.entity';
import { UsageBillingModule } from './usage-billing/usage-billing.module';

/** The service with these providers: nothing else knows which there are. */
export function definePayments(providers: readonly ProviderDefinition[]): AppDefinition {
  const section = paymentsSection(providers);

  // From the bottom to the top: a module imports only such as stand before it.
  @Module({
    imports: [
      LedgerModule,
      CatalogueModule,
      PromoCodesModule,
      UsageBillingModule,
      SubscriptionsModule,
      EntitlementsModule,
      OrdersModule,
      ProvidersModule.with(providers, section),
      InvoicesModule,
      RefundsModule,
      TermsModule,
      GoodsModule,
      StockModule,
      GoodsImportsModule,
      DeliveryModule,
      CartsModule,
      StoreOrdersModule,
      DocumentsModule,
      ReferralsModule,
      PayoutsModule,
      PartnersModule,
      BalancesModule,
      GiftsModule,
      SegmentsModule,
      CampaignsModule,
      OffersModule,
      CheckoutModule,
      GuestsModule,
      NotificationsModule,
      RenewalsModule,
      StarsModule,
      MailNoticesModule,
      ReconciliationModule,
      BackOfficeModule,
      DemoModule,
      PersonErasureModule.saying(PaymentsPersonErased),
    ],
  })
  class PaymentsModule {}

  return defineApp({
    name: 'payments',
    module: PaymentsModule,
    config: paymentsConfig,
    botSections: { payments: section },
    entities: [
      LedgerMonth,
      Plan,
      Package,
      PromoCode,
      Order,
      Invoice,
      SavedMethod,
      Refund,
      Reconciliation,
      Subscription,
      SubscriptionPeriod,
      SubscriptionPackage,
      ShopTerms,
      Partner,
      TrackedLink,
      Referral,
      Reward,
      Payout,
      BalanceCorrection,
      Gift,
      GuestOrder,
      StarSubscription,
      UsageAccount,
      Campaign,
      Offer,
      MailSettings,
      Product,
      Variant,
      StockMove,
      GoodsImport,
      DeliveryMethod,
      Cart,
      CartLine,
      StoreOrder,
      StoreOrderChange,
      Return,
      OrderDocument,
    ],
    migrations: [
      CreateLedger1764200000000,
      CreateCatalogue1764200100000,
      CreatePromoCodes1764200150000,
      CreateOrders1764200200000,
      CreateSubscriptions1764200300000,
      CreateRefunds1764200400000,
      CreateReconciliations1764200500000,
      CreateReferrals1764210000000,
      CreatePayouts1764210100000,
      CreateGifts1764210200000,
      CreateStars1764250000000,
      CreateUsageBilling1764300000000,
      CreateLedgerMonths1764300100000,
      IndexLists1764300200000,
      RestForChannel1764310000000,
      CreateOffers1764320000000,
      CarryUse1764330000000,
      KeepMemberships1764330100000,
      TellAutomaticOrders1764330200000,
      CreateMailSettings1764340000000,
      KeepTraces1764349000000,
      IndexOpenInvoices1764350000000,
      IndexWaitingRenewals1764350010000,
      IndexUnpaidOrders1764350100000,
      ReadStarListsAnew1764351000000,
      FindUnknownOrders1764351100000,
      KnowArchiveCopies1764351200000,
      IndexRenewals1764351300000,
      IndexSales1764351400000,
      IndexTakings1764351410000,
      IndexRefundsByTime1764351420000,
      IndexPeriodsByTime1764351430000,
      CreateGoods1764620000000,
      CreateStore1764620010000,
      CreateGoodsImports1764620020000,
      CreateOrderDocuments1764620030000,
      KnowSellers1764620040000,
    ],
    dataMap: paymentsDataMap,
    backup: {
      // Whatever was renewed since is due once more, and no provider would know the charge: see docs/runbooks/database-restored.md.
      afterRestore: [
        `UPDATE schedules SET last_success_at = least(last_success_at, now() - interval '1 day') WHERE job = 'renew-subscriptions'`,
      ],
    },
    port: 4104,
  });
}
