/** The limits of the connections that clients open to this process. */
export interface ConnectionLimits {
  /** How many are open at one time. */
  max: number;
  /** How many of them one address may have; 0: no limit. Behind a proxy, all connections have the proxy's address. */
  maxPerAddress: number;
  /** How long a connection stays open between two requests. */
  keepAliveSeconds: number;
}
