/** As bots name the product. */
export const VPN_SHOP = 'vpn-shop';
