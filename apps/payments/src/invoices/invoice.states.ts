/** How far one attempt to be paid by a provider is. */
export type InvoiceState =
  /** The provider is to be asked, or was asked and has not answered. */
  | 'created'
  | 'pending'
  | 'paid'
  | 'failed'
  | 'cancelled'
  | 'expired'
  /** Money came that is not what was asked for: it lies on the balance of the person, and staff are told. */
  | 'different'
  | 'partly-refunded'
  | 'refunded'
  | 'disputed'
  | 'charged-back';

/** Providers repeat themselves, come late and in any order: whatever was given up may turn out to be paid. */
export const INVOICE_TRANSITIONS: Readonly<Record<InvoiceState, readonly InvoiceState[]>> = {
  created: ['pending', 'paid', 'failed', 'cancelled', 'expired', 'different'],
  pending: ['paid', 'failed', 'cancelled', 'expired', 'different'],
  failed: ['paid', 'different'],
  cancelled: ['paid', 'different'],
  expired: ['paid', 'different'],
  different: ['partly-refunded', 'refunded', 'charged-back'],
  paid: ['partly-refunded', 'refunded', 'disputed', 'charged-back'],
  'partly-refunded': ['partly-refunded', 'refunded', 'disputed', 'charged-back'],
  refunded: [],
  disputed: ['paid', 'partly-refunded', 'refunded', 'charged-back'],
  'charged-back': [],
};

/** In which the provider is asked from time to time how far it is. */
export const OPEN_STATES: readonly InvoiceState[] = ['created', 'pending'];

/** In which a payment is news. */
export const PAYABLE_STATES: readonly InvoiceState[] = ['created', 'pending', 'failed', 'cancelled', 'expired'];
