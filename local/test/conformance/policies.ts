/** Which actions and resources a role's statements are about, and whether they allow them. */

type Parts = Record<string, unknown>;

export interface PolicyCase {
  readonly name: string;
  readonly statements: readonly Parts[];
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

const bucket = "arn:aws:s3:::files";
const allow = (Action: string | string[], Resource: string | string[] = "*") => ({
  Effect: "Allow",
  ...{ Action, Resource },
});
const deny = (Action: string, Resource = "*") => ({ Effect: "Deny", Action, Resource });

/** Of one statement. */
const single: readonly (readonly [
  name: string,
  statement: Parts,
  action: string,
  resource: string,
  allowed: boolean,
])[] = [
  ["the very action", allow("s3:GetObject", `${bucket}/*`), "s3:GetObject", `${bucket}/o/a`, true],
  ["another action", allow("s3:GetObject", `${bucket}/*`), "s3:PutObject", `${bucket}/o/a`, false],
  ["actions ignore case", allow("S3:getobject"), "s3:GetObject", `${bucket}/a`, true],
  ["resources do not", allow("s3:GetObject", "arn:aws:s3:::Files/*"), "s3:GetObject", `${bucket}/a`, false],
  ["a star in an action", allow("s3:Get*"), "s3:GetObject", `${bucket}/a`, true],
  ["a question mark", allow("s3:?etObject"), "s3:GetObject", `${bucket}/a`, true],
  ["a star alone", allow("*"), "sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:q", true],
  ["a dot is a dot", allow("s3:GetObject", `${bucket}/a.b`), "s3:GetObject", `${bucket}/axb`, false],
  ["the bucket is not its objects", allow("s3:*", bucket), "s3:GetObject", `${bucket}/a`, false],
  ["objects are not the bucket", allow("s3:*", `${bucket}/*`), "s3:ListBucket", bucket, false],
  ["stars cross slashes", allow("s3:*", `${bucket}/o/*`), "s3:GetObject", `${bucket}/o/a/b/c`, true],
  ["a prefix holds", allow("s3:*", `${bucket}/o/*`), "s3:GetObject", `${bucket}/x/o/a`, false],
  [
    "stars stay in their part of the ARN",
    allow("sqs:*", "arn:aws:sqs:*:queue"),
    "sqs:SendMessage",
    "arn:aws:sqs:us-east-1:000000000000:queue",
    false,
  ],
  [
    "a table is not its index",
    allow("dynamodb:Query", "arn:aws:dynamodb:us-east-1:000000000000:table/t"),
    "dynamodb:Query",
    "arn:aws:dynamodb:us-east-1:000000000000:table/t/index/due",
    false,
  ],
  ["NotAction leaves the rest", { NotAction: "s3:Delete*", Resource: "*" }, "s3:GetObject", bucket, true],
  ["NotAction leaves out", { NotAction: "s3:Delete*", Resource: "*" }, "s3:DeleteObject", bucket, false],
  [
    "NotResource leaves the rest",
    { Action: "s3:*", NotResource: `${bucket}/x/*` },
    "s3:GetObject",
    `${bucket}/a`,
    true,
  ],
  [
    "NotResource leaves out",
    { Action: "s3:*", NotResource: `${bucket}/x/*` },
    "s3:GetObject",
    `${bucket}/x/a`,
    false,
  ],
  [
    "a variable takes the caller's value",
    allow("s3:GetObject", `${bucket}/\${aws:PrincipalAccount}/*`),
    "s3:GetObject",
    `${bucket}/000000000000/a`,
    true,
  ],
  [
    "a variable without a value matches nothing",
    allow("s3:GetObject", `${bucket}/\${aws:PrincipalTag/team}*`),
    "s3:GetObject",
    `${bucket}/undefined/a`,
    false,
  ],
];

const several: readonly PolicyCase[] = [
  {
    name: "one of several statements allows",
    statements: [allow("s3:PutObject"), allow("s3:GetObject", `${bucket}/*`)],
    ...{ action: "s3:GetObject", resource: `${bucket}/a`, allowed: true },
  },
  {
    name: "a denial wins over what allows, whatever their order",
    statements: [deny("s3:Get*", `${bucket}/secret/*`), allow("s3:*")],
    ...{ action: "s3:GetObject", resource: `${bucket}/secret/a`, allowed: false },
  },
  {
    name: "a denial leaves alone what it isn't about",
    statements: [allow("s3:*"), deny("s3:Get*", `${bucket}/secret/*`)],
    ...{ action: "s3:GetObject", resource: `${bucket}/open/a`, allowed: true },
  },
  {
    name: "a denial alone allows nothing",
    statements: [deny("s3:DeleteObject")],
    ...{ action: "s3:GetObject", resource: `${bucket}/a`, allowed: false },
  },
];

export const policyCases: readonly PolicyCase[] = [
  ...single.map(([name, statement, action, resource, allowed]) => ({
    name,
    statements: [{ Effect: "Allow", ...statement }],
    ...{ action, resource, allowed },
  })),
  ...several,
];
