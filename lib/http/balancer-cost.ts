const HOURS_A_MONTH = (365.25 * 24) / 12;

/** Dollars an hour of an Application Load Balancer, without the traffic: us-east-1, EC2's price list of November 2026. */
const BALANCER_PRICE = 0.0225;

/** Dollars an hour of a public IPv4 address, of which a public load balancer has one in each zone: as above. */
const ADDRESS_PRICE = 0.005;

/** Dollars a month of an Application Load Balancer, without its traffic. @param addresses public ones */
export const balancerCost = (addresses = 0): number =>
  HOURS_A_MONTH * (BALANCER_PRICE + addresses * ADDRESS_PRICE);
