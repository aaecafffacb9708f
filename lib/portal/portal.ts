// The portal's host: an HTTP API for sign-in and the list of applications, connector enrolment, and the control API (AWS IAM).
import {
  ApiMapping,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { accessLog, acknowledgeNoLog } from '../monitoring/access-log.ts';
import type { PublicName } from '../names/public-name.ts';
import { controlFunction, enrolmentFunction, type PortalFunctionsProps, portalFunction } from './functions.ts';

const THROTTLE = { rateLimit: 500, burstLimit: 250 };

export interface PortalProps extends PortalFunctionsProps {
  readonly certificate: ICertificate;
}

export class Portal extends Construct {
  readonly api: HttpApi;
  readonly name: PublicName;

  constructor(scope: Construct, id: string, { certificate, ...props }: PortalProps) {
    super(scope, id);
    const { tenant, portalHost, aws } = props.tenant;
    const portal = portalFunction(this, props);
    const enrolment = enrolmentFunction(this, props);
    const control = controlFunction(this, props, { portal, enrolment });

    this.api = new HttpApi(this, 'Api', {
      apiName: `sallyport-${tenant}-portal`,
      description: `Sallyport ${tenant}: portal, enrolment, control`,
      createDefaultStage: false,
      defaultIntegration: new HttpLambdaIntegration('PortalIntegration', portal.function),
    });
    this.api.addRoutes({
      path: '/connectors/enrol',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('EnrolmentIntegration', enrolment.function),
    });
    this.api.addRoutes({
      path: '/control/{proxy+}',
      methods: [HttpMethod.ANY],
      integration: new HttpLambdaIntegration('ControlIntegration', control.function),
      authorizer: new HttpIamAuthorizer(),
    });

    const domainName = new DomainName(this, 'Domain', { domainName: portalHost, certificate, securityPolicy: SecurityPolicy.TLS_1_2 });
    const log = accessLog(this, 'http', aws.accessLogs);
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      ...(log && { accessLogSettings: { destination: new LogGroupLogDestination(log.group), format: log.format } }),
    });
    // As for the WebSocket APIs: what is deployed first is whole.
    stage.node.addDependency(this.api);
    new ApiMapping(this, 'Mapping', { api: this.api, domainName, stage });
    this.name = { name: portalHost, output: 'Portal', target: domainName.regionalDomainName, targetZone: domainName.regionalHostedZoneId };

    acknowledge(
      this.api,
      'AwsSolutions-APIG4',
      'Signing in and enrolling are how one becomes known: the functions check codes and sessions; control has AWS IAM.',
    );
    acknowledgeNoLog(
      stage,
      log,
      'The functions log sign-ins, enrolments and changes; an access log would hold one-time codes in query strings.',
    );
  }
}
