import { HOURS_A_MONTH } from './rates';

/**
 * Dollars per hour of an Application Load Balancer, without traffic. EC2 price list, us-east-1,
 * 2026-11.
 */
const BALANCER_PRICE = 0.0225;

/**
 * Dollars per hour of a public IPv4 address; a public load balancer has one per zone. Source as
 * above.
 */
const ADDRESS_PRICE = 0.005;

/**
 * Dollars per month of an Application Load Balancer, without traffic.
 *
 * @param addresses number of public IPv4 addresses
 */
export const balancerCost = (addresses = 0): number =>
  HOURS_A_MONTH * (BALANCER_PRICE + addresses * ADDRESS_PRICE);
