/** Properties of the custom resource that stands for the zones where functions can be. */
export interface FunctionZonesRequest {
  /** Names of the region's zones, in their order. */
  readonly Zones: string[];
  /** Ids of the zones, such as `use1-az3`, in which no function can be. */
  readonly Without: string[];
  /** What stands in the answer for a zone in which no function can be. */
  readonly NoZone: string;
}

/** What the stack is given of them. */
export interface FunctionZones {
  PhysicalResourceId: string;
  Data: {
    /** Names of the zones in their order, with commas between them. */
    Zones: string;
  };
}
