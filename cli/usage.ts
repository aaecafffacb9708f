// What `npx sallyport` says of itself.

export const USAGE = `sallyport: looks after a deployment of Sallyport

  npx sallyport connector enroll [--group GROUP]   makes a one-time code with which a connector enrols (group "default")
  npx sallyport connector remove ID                revokes a connector: its tunnels get nothing more, its key is refused
  npx sallyport apply FILE                         publishes exactly the applications of a tenant file, without a deployment
  npx sallyport status                             shows connectors, connector groups and applications that are offline

Which deployment:
  --endpoint URL           the control API's address, https://<id>.execute-api.<region>.amazonaws.com;
                           SALLYPORT_CONTROL_ENDPOINT when left out. Requests are signed with the AWS credentials
                           at hand (environment, profile, single sign-on); AWS_REGION where the address names no region
  --simulator READY_FILE   the local simulator that wrote this file

  --help                   shows this
`;
