/** The table as `lib/` declares it. */
export const spec = {
  name: "wharf",
  keySchema: [
    { AttributeName: "pk", KeyType: "HASH" as const },
    { AttributeName: "sk", KeyType: "RANGE" as const },
  ],
  attributeDefinitions: ["pk", "sk", "due_pk", "due_sk", "open_pk"].map((AttributeName) => ({
    AttributeName,
    AttributeType: "S" as const,
  })),
  gsis: [
    {
      IndexName: "due",
      KeySchema: [
        { AttributeName: "due_pk", KeyType: "HASH" as const },
        { AttributeName: "due_sk", KeyType: "RANGE" as const },
      ],
      Projection: { ProjectionType: "ALL" as const },
    },
    {
      IndexName: "open",
      KeySchema: [
        { AttributeName: "open_pk", KeyType: "HASH" as const },
        { AttributeName: "pk", KeyType: "RANGE" as const },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" as const },
    },
  ],
  streamViewType: "NEW_IMAGE" as const,
  ttlAttribute: "ttl",
};
