import {
  DomainName,
  EndpointAccessMode,
  EndpointType,
  type RestApi,
  SecurityPolicy,
} from "aws-cdk-lib/aws-apigateway";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { Construct } from "constructs";
import type { DomainConfig } from "./config.ts";

export interface CustomDomainProps {
  /** Name and certificate. */
  readonly domain: DomainConfig;
  /** The API to which the whole domain leads: its empty base path. */
  readonly api: RestApi;
}

/** A domain of your own in front of the API, with the API's own TLS policy. */
export class CustomDomain extends Construct {
  /** API Gateway's name for it, to which a DNS record (CNAME or alias) of the domain leads. */
  readonly target: string;

  constructor(scope: Construct, id: string, { domain, api }: CustomDomainProps) {
    super(scope, id);
    const name = new DomainName(this, "Name", {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, "Certificate", domain.certificateArn),
      endpointType: EndpointType.REGIONAL,
      // As the API has it: see `http-api.ts`.
      securityPolicy: SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09,
      endpointAccessMode: EndpointAccessMode.BASIC,
    });
    name.addBasePathMapping(api, { stage: api.deploymentStage });
    this.target = name.domainNameAliasDomainName;
  }
}
