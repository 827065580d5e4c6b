/** The objects of YooKassa's API v3, as they go over the wire. Source: yookassa.ru/developers/api. */
export interface Amount {
  value: string;
  currency: string;
}

export type MethodType = 'bank_card' | 'sbp' | 'yoo_money';

export interface PaymentMethod {
  type: MethodType;
  id: string;
  saved: boolean;
  status: 'pending' | 'active' | 'inactive';
  title: string;
  card?: {
    first6: string;
    last4: string;
    expiry_month: string;
    expiry_year: string;
    card_type: string;
    issuer_country: string;
    issuer_name: string;
  };
  /** Of `sbp`. */
  payer_bank_details?: { bank_id: string; bic: string };
  sbp_operation_id?: string;
  /** Of `yoo_money`. */
  account_number?: string;
}

export interface CancellationDetails {
  party: 'merchant' | 'yoo_money' | 'payment_network';
  reason: string;
}

export interface Payment {
  id: string;
  status: 'pending' | 'waiting_for_capture' | 'succeeded' | 'canceled';
  paid: boolean;
  amount: Amount;
  income_amount?: Amount;
  description?: string;
  recipient: { account_id: string; gateway_id: string };
  payment_method?: PaymentMethod;
  captured_at?: string;
  created_at: string;
  /** Only while it waits to be captured. */
  expires_at?: string;
  confirmation?: { type: 'redirect'; return_url: string; confirmation_url: string };
  test: boolean;
  refunded_amount?: Amount;
  refundable: boolean;
  receipt_registration?: 'pending' | 'succeeded' | 'canceled';
  metadata: Record<string, string>;
  merchant_customer_id?: string;
  cancellation_details?: CancellationDetails;
  authorization_details?: { rrn: string; auth_code: string; three_d_secure: { applied: boolean } };
}

export interface Refund {
  id: string;
  payment_id: string;
  status: 'pending' | 'succeeded' | 'canceled';
  created_at: string;
  amount: Amount;
  description?: string;
  receipt_registration?: 'pending' | 'succeeded' | 'canceled';
  cancellation_details?: CancellationDetails;
}

export type EventName =
  | 'payment.waiting_for_capture'
  | 'payment.succeeded'
  | 'payment.canceled'
  | 'refund.succeeded'
  | 'payment_method.active';
