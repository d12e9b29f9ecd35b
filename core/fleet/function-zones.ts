/** Properties of the custom resource that selects the zones with support for Lambda functions. */
export interface FunctionZonesRequest {
  /** Names of the region's zones, in their order. */
  readonly Zones: string[];
  /** Ids of the zones, such as `use1-az3`, that do not support functions. */
  readonly Without: string[];
  /** Value in the answer for a zone that does not support functions. */
  readonly NoZone: string;
}

/** The answer to the stack. */
export interface FunctionZones {
  PhysicalResourceId: string;
  Data: {
    /** Names of the zones in their order, separated by commas. */
    Zones: string;
  };
}
