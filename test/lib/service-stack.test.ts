import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { METRIC_DIMENSION, METRIC_NAMESPACE, metrics } from "#aws/metrics.ts";
import { type VariableName, variables } from "#lambdas/env.ts";
import { stageConfig } from "#lib/config.ts";
import { type Resource, resources, synth } from "./synth.ts";

let template: Template;
let functions: [string, Resource][];
let queues: [string, Resource][];
beforeAll(() => {
  template = synth().service;
  functions = resources(template, "AWS::Lambda::Function");
  queues = resources(template, "AWS::SQS::Queue");
});

/** Logical id that `Fn::GetAtt` or `Ref` names. */
const target = (value: { "Fn::GetAtt"?: [string, string]; Ref?: string }) =>
  value["Fn::GetAtt"]?.[0] ?? value.Ref;

/** Queues that another queue, a rule or a mapping sends its failures to, and that nobody reads. */
function deadLetterIds(): Set<string | undefined> {
  const read = resources(template, "AWS::Lambda::EventSourceMapping").map(([, { Properties }]) =>
    target(Properties.EventSourceArn),
  );
  return new Set(failureIds().filter((id) => !read.includes(id)));
}

function failureIds(): (string | undefined)[] {
  return [
    ...queues.flatMap(([, { Properties }]) =>
      Properties.RedrivePolicy === undefined ? [] : [target(Properties.RedrivePolicy.deadLetterTargetArn)],
    ),
    ...resources(template, "AWS::Lambda::EventSourceMapping").flatMap(([, { Properties }]) =>
      Properties.DestinationConfig === undefined
        ? []
        : [target(Properties.DestinationConfig.OnFailure.Destination)],
    ),
  ];
}

describe("functions", () => {
  it("are the seven of the design, a second that waits and one that delivers to slow endpoints, on Node 24 and arm64, with explicit limits", () => {
    expect(functions).toHaveLength(9);
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        Handler: "index.handler",
        MemorySize: expect.any(Number),
        Timeout: expect.any(Number),
        LoggingConfig: { LogFormat: "JSON", LogGroup: { Ref: expect.any(String) } },
      });
    }
  });

  it("can't be told to send webhooks to loopback", () => {
    for (const [, { Properties }] of functions) {
      expect(Properties.Environment.Variables).not.toHaveProperty("WHARF_ALLOW_LOOPBACK_HTTP");
    }
    expect(JSON.stringify(template.toJSON())).not.toContain("LOOPBACK");
  });

  it("know each name of the API's where they send requests to users' URLs", () => {
    const { service } = synth("prod", { publicUrl: "https://files.example.com" });
    const senders = resources(service, "AWS::Lambda::Function").filter(
      ([, { Properties }]) => "API_HOST" in Properties.Environment.Variables,
    );
    expect(senders.map(([id]) => id.replace(/[0-9A-F]{8}$/, ""))).toEqual([
      "WebhooksDeliver",
      "WebhooksDeliverSlow",
      "ApiFunction",
    ]);
    for (const [, { Properties }] of senders) {
      const { PUBLIC_URL, API_HOST } = Properties.Environment.Variables;
      expect(PUBLIC_URL).toBe("https://files.example.com");
      expect(JSON.stringify(API_HOST)).toMatch(/\{"Ref":"HttpApi\w+"\},"\.execute-api\."/);
    }
  });

  it("get only variables that env.ts knows", () => {
    const known: VariableName[] = Object.keys(variables) as VariableName[];
    for (const [, { Properties }] of functions) {
      expect(known).toEqual(expect.arrayContaining(Object.keys(Properties.Environment.Variables)));
    }
  });

  it("have a role each, with no managed policy and no wildcard but objects under o/ and f/", () => {
    const roles = functions.map(([, { Properties }]) => target(Properties.Role));
    expect(new Set(roles).size).toBe(functions.length);
    for (const [id, { Properties }] of resources(template, "AWS::IAM::Role")) {
      if (roles.includes(id)) expect(Properties.ManagedPolicyArns).toBeUndefined();
    }
    for (const [, { Properties }] of resources(template, "AWS::IAM::Policy")) {
      for (const { Action, Resource: where } of Properties.PolicyDocument.Statement) {
        expect([Action].flat().join()).not.toContain("*");
        expect(JSON.stringify(where).replaceAll(/\/[of]\/\*/g, "")).not.toContain("*");
      }
    }
  });

  it("may go round by a queue for ever only where they feed it themselves", () => {
    const feeds = (role: string | undefined, queue: string | undefined) =>
      resources(template, "AWS::IAM::Policy").some(
        ([, { Properties }]) =>
          target(Properties.Roles[0]) === role &&
          Properties.PolicyDocument.Statement.some(
            (one: { Action: string | string[]; Resource: { Ref: string } | { Ref: string }[] }) =>
              [one.Action].flat().includes("sqs:SendMessage") &&
              [one.Resource].flat().some((resource) => target(resource) === queue),
          ),
      );
    const looping = resources(template, "AWS::Lambda::EventSourceMapping").flatMap(([, { Properties }]) => {
      const handler = functions.find(([id]) => id === target(Properties.FunctionName));
      const role = target(handler?.[1].Properties.Role);
      return feeds(role, target(Properties.EventSourceArn)) ? [handler?.[1].Properties.Description] : [];
    });
    expect(looping).toEqual([
      "Sends webhook deliveries to endpoints that answer promptly",
      "Sends webhook deliveries to all other endpoints",
    ]);
    for (const [, { Properties }] of functions)
      expect(Properties.RecursiveLoop).toBe(looping.includes(Properties.Description) ? "Allow" : "Terminate");
  });

  const reserved = (stack: Template) =>
    resources(stack, "AWS::Lambda::Function")
      .filter(([, { Properties }]) => "ReservedConcurrentExecutions" in Properties)
      .map(([, { Properties }]) => [Properties.Description, Properties.ReservedConcurrentExecutions]);

  const waiters = (count: number) => [
    ["Waits for locks", count],
    ["Reads events, waiting for the next", count],
  ];

  it("wait for locks and for events in environments of their own", () => {
    expect(reserved(synth("prod").service)).toEqual(waiters(50));
  });

  it("reserve nothing in dev, which deploys into accounts whose limit is 10, unless they are told to", () => {
    expect(reserved(template)).toEqual([]);
    expect(reserved(synth("dev", stageConfig("dev", { waiters: 20 })).service)).toEqual(waiters(20));
    expect(reserved(synth("prod", stageConfig("prod", { waiters: 0 })).service)).toEqual([]);
  });
});

describe("queues", () => {
  it("have dead letters or are dead letters", () => {
    const deadLetters = deadLetterIds();
    expect(queues.length).toBeGreaterThan(0);
    for (const [id, { Properties }] of queues) {
      expect(Properties.RedrivePolicy !== undefined, id).toBe(!deadLetters.has(id));
    }
  });

  it("hide a message for at least 6 times as long as its function may take", () => {
    const mappings = resources(template, "AWS::Lambda::EventSourceMapping").filter(([, { Properties }]) =>
      queues.some(([id]) => id === target(Properties.EventSourceArn)),
    );
    expect(mappings).toHaveLength(queues.length - deadLetterIds().size);
    for (const [, { Properties }] of mappings) {
      const queue = queues.find(([id]) => id === target(Properties.EventSourceArn))?.[1].Properties;
      const handler = functions.find(([id]) => id === target(Properties.FunctionName))?.[1].Properties;
      expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * handler.Timeout);
    }
  });

  it("let failed messages come back one by one", () => {
    for (const [, { Properties }] of resources(template, "AWS::Lambda::EventSourceMapping")) {
      expect(Properties.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
    }
  });

  it("try what failed in two batches alone, before it is a dead letter", () => {
    const mappings = resources(template, "AWS::Lambda::EventSourceMapping").map(([, one]) => one.Properties);
    const mappingOf = (queue: string | undefined) =>
      mappings.find(({ EventSourceArn }) => target(EventSourceArn) === queue);
    const paths = queues.flatMap(([id, { Properties }]) => {
      const { RedrivePolicy: redrive } = Properties;
      const next = mappingOf(target(redrive?.deadLetterTargetArn ?? {}));
      return mappingOf(id)?.BatchSize > 1
        ? [[mappingOf(id)?.BatchSize, redrive.maxReceiveCount, next?.BatchSize]]
        : [];
    });
    // Ticks of the sweep are all alike: one that is handled stands for all.
    expect(paths.toSorted()).toEqual([
      [10, 2, undefined],
      [10, 2, 1],
      [5, 2, 1],
      [5, 2, 1],
    ]);
  });

  it("are encrypted and refuse requests without TLS", () => {
    const policies = resources(template, "AWS::SQS::QueuePolicy");
    for (const [id, { Properties }] of queues) {
      expect(Properties.SqsManagedSseEnabled).toBe(true);
      const policy = policies.find(([, found]) =>
        found.Properties.Queues.some(({ Ref }: { Ref: string }) => Ref === id),
      );
      expect(policy?.[1].Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
      );
    }
  });

  it("keep first attempts and retries apart, each with a bound on its workers", () => {
    const bounds = resources(template, "AWS::Lambda::EventSourceMapping")
      .filter(([id]) => id.includes("Deliver") && !id.includes("Alone"))
      .map(([, { Properties }]) => Properties.ScalingConfig.MaximumConcurrency);
    expect(bounds).toEqual([10, 10]);
  });
});

describe("what costs money while nobody calls", () => {
  it("is no dashboard in dev, and one in prod", () => {
    const dashboards = (stage: "dev" | "prod") =>
      resources(synth(stage).service, "AWS::CloudWatch::Dashboard").length;
    expect([dashboards("dev"), dashboards("prod")]).toEqual([0, 1]);
  });

  it("is no metric for each method of the API", () => {
    for (const [, { Properties }] of resources(template, "AWS::ApiGateway::Stage"))
      expect(Properties.MethodSettings[0].MetricsEnabled).toBe(false);
  });

  it("is no line of Lambda's own for each invocation", () => {
    for (const [, { Properties }] of resources(template, "AWS::Lambda::Function"))
      expect(Properties.LoggingConfig).toMatchObject({ LogFormat: "JSON", SystemLogLevel: "WARN" });
  });

  it("is no bound on the sweep's queue, with which Lambda would ask it more often", () => {
    const [sweep] = resources(template, "AWS::Lambda::EventSourceMapping").filter(([id]) =>
      id.startsWith("Sweep"),
    );
    expect(sweep?.[1].Properties.ScalingConfig).toBeUndefined();
  });
});

describe("dependencies", () => {
  it("are named where nothing else says them", () => {
    const all: Record<string, Resource> = template.toJSON()["Resources"];
    for (const [id, { DependsOn = [], Properties }] of Object.entries(all)) {
      const text = JSON.stringify(Properties);
      // cfn-lint's W3005.
      const implied = [DependsOn]
        .flat()
        .filter(
          (other) => text.includes(`{"Fn::GetAtt":["${other}",`) || text.includes(`{"Ref":"${other}"}`),
        );
      expect([id, implied]).toEqual([id, []]);
    }
  });

  it("let each function wait for its role's policy", () => {
    for (const [id, { DependsOn }] of functions)
      expect([id, DependsOn]).toEqual([id, [expect.stringMatching(/RoleDefaultPolicy/)]]);
  });
});

describe("rules", () => {
  it("target queues, with dead letters for what can't be sent", () => {
    const deadLetters = deadLetterIds();
    const rules = resources(template, "AWS::Events::Rule");
    expect(rules).toHaveLength(4);
    for (const [, { Properties }] of rules) {
      for (const { Arn, DeadLetterConfig } of Properties.Targets) {
        expect(queues.map(([id]) => id)).toContain(target(Arn));
        expect(deadLetters).toContain(target(DeadLetterConfig.Arn));
      }
    }
  });

  it("tick once a minute, for what needs S3 and for the rest", () => {
    const minute = { ScheduleExpression: "rate(1 minute)" };
    template.resourcePropertiesCountIs("AWS::Events::Rule", minute, 2);
  });
});

describe("the relay", () => {
  it("reads new events of the outbox and nothing else of the stream", () => {
    const mapping = resources(template, "AWS::Lambda::EventSourceMapping").find(([id]) =>
      id.startsWith("Relay"),
    )?.[1];
    expect(mapping?.Properties).toMatchObject({
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 5,
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
    const [filter] = mapping?.Properties.FilterCriteria.Filters ?? [];
    expect(JSON.parse(filter.Pattern)).toEqual({
      eventName: ["INSERT"],
      dynamodb: { Keys: { pk: { S: [{ prefix: "EVT#" }] } } },
    });
  });
});

describe("alarms", () => {
  const alarms = () => resources(template, "AWS::CloudWatch::Alarm").map(([, { Properties }]) => Properties);

  it("go off at the first message in any dead-letter queue", () => {
    for (const id of deadLetterIds()) {
      expect(alarms()).toContainEqual(
        expect.objectContaining({
          MetricName: "ApproximateNumberOfMessagesVisible",
          Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": [id, "QueueName"] } }],
          Threshold: 0,
          ComparisonOperator: "GreaterThanThreshold",
        }),
      );
    }
  });

  it("watch the stream's age, 5xx, waiting deliveries and disabled endpoints", () => {
    expect(alarms().map(({ MetricName }) => MetricName)).toEqual(
      expect.arrayContaining([
        "IteratorAge",
        "5XXError",
        "ApproximateAgeOfOldestMessage",
        "OldestDueDelivery",
        "DisabledEndpoints",
        "FailedSweeps",
        "PutAside",
        "RefusedDisguises",
      ]),
    );
  });

  it("stay quiet where nothing is measured, but for what the sweep measures each minute", () => {
    const loud = alarms().filter(({ TreatMissingData }) => TreatMissingData !== "notBreaching");
    expect(loud).toMatchObject([
      { MetricName: "OldestDueDelivery", TreatMissingData: "breaching", EvaluationPeriods: 5 },
    ]);
  });

  it("count the 5xx of their own stage alone", () => {
    for (const stage of ["dev", "prod"] as const) {
      const { service } = synth(stage);
      service.hasResourceProperties("AWS::ApiGateway::RestApi", { Name: `wharf-${stage}-service` });
      service.hasResourceProperties("AWS::CloudWatch::Alarm", {
        MetricName: "5XXError",
        Dimensions: [{ Name: "ApiName", Value: `wharf-${stage}-service` }],
      });
    }
  });

  it("tell of a late delivery though it is measured only now and then", () => {
    const late = alarms().find(
      ({ MetricName, Threshold }) => MetricName === "OldestDueDelivery" && Threshold === 600,
    );
    expect(late).toMatchObject({
      Namespace: METRIC_NAMESPACE,
      Dimensions: [{ Name: METRIC_DIMENSION }],
      Threshold: 600,
      Period: 60,
      // Longer than the 15 minutes between two messages of the sweep for the same attempt.
      EvaluationPeriods: 20,
      DatapointsToAlarm: 1,
    });
  });

  it("notify the stage's topic where it has one", () => {
    const alarmTopicArn = "arn:aws:sns:eu-west-1:111122223333:on-call";
    for (const [, { Properties }] of resources(
      synth("prod", { alarmTopicArn }).service,
      "AWS::CloudWatch::Alarm",
    )) {
      expect(Properties.AlarmActions).toEqual([alarmTopicArn]);
    }
  });
});

it("looks at every metric that the functions write, on the dashboard or by an alarm", () => {
  const { service } = synth("prod");
  const read = [
    ...resources(service, "AWS::CloudWatch::Dashboard").map(([, one]) => JSON.stringify(one.Properties)),
    ...resources(service, "AWS::CloudWatch::Alarm").map(([, one]) => String(one.Properties.MetricName)),
  ].join("\n");
  for (const name of Object.keys(metrics)) expect(read).toContain(name);
});

describe("the service stack", () => {
  it("gives nothing a physical name", () => {
    const names = ["FunctionName", "QueueName", "RoleName", "LogGroupName", "AlarmName", "DashboardName"];
    for (const type of [
      "Lambda::Function",
      "SQS::Queue",
      "IAM::Role",
      "Logs::LogGroup",
      "CloudWatch::Alarm",
    ]) {
      for (const [id, { Properties }] of resources(template, `AWS::${type}`)) {
        for (const name of names) expect(Properties, id).not.toHaveProperty(name);
      }
    }
  });

  it("keeps logs for as long as the stage says", () => {
    const days = (stack: Template) =>
      resources(stack, "AWS::Logs::LogGroup").map(([, { Properties }]) => Properties.RetentionInDays);
    expect(new Set(days(template))).toEqual(new Set([14]));
    expect(new Set(days(synth("prod").service))).toEqual(new Set([90]));
  });

  it("keeps prod's logs when their stack goes, for as long as they are kept anyway", () => {
    const fates = (stack: Template) =>
      new Set(resources(stack, "AWS::Logs::LogGroup").map(([, { DeletionPolicy }]) => DeletionPolicy));
    expect(fates(synth("prod").service)).toEqual(new Set(["Retain"]));
    expect(fates(template)).toEqual(new Set(["Delete"]));
  });

  it("prints where the API is", () => {
    expect(Object.keys(template.findOutputs("*"))).toEqual(["ApiUrl"]);
    expect(template.findOutputs("ApiUrl")["ApiUrl"]?.["Value"]).toEqual({
      "Fn::Join": [
        "",
        [
          "https://",
          { Ref: expect.any(String) },
          ".execute-api.",
          { Ref: "AWS::Region" },
          ".",
          { Ref: "AWS::URLSuffix" },
          "/prod",
        ],
      ],
    });
    const own = synth("prod", { publicUrl: "https://files.example.com" }).service;
    expect(own.findOutputs("ApiUrl")["ApiUrl"]?.["Value"]).toBe("https://files.example.com");
  });
});
