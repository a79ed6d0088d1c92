// @ts-check
/**
 * The function, behind a URL that IAM guards. It may write its log, and read the one object with the regions: nothing else.
 *
 * @typedef {import("./manifest.js").Asset} Asset
 * @typedef {import("./manifest.js").Deployment} Deployment
 * @typedef {import("constructs").Construct} Construct
 */

import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Alias, Architecture, Code, Function, FunctionUrlAuthType, LayerVersion, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib/core";

import { DeploymentError } from "./manifest.js";

const ARCHITECTURES = { arm64: Architecture.ARM_64, x86_64: Architecture.X86_64 };

/** One function, made from a manifest and the zips beside it. */
export class GeoLookupStack extends Stack {
  /**
   * @param {Construct} scope
   * @param {string} id
   * @param {{ deployment: Deployment, regions?: string }} properties `regions`: BUCKET/KEY
   */
  constructor(scope, id, { deployment, regions }) {
    super(scope, id);
    const architecture = ARCHITECTURES[deployment.architecture];
    const runtime = new Runtime(deployment.runtime);
    const layers = deployment.layers.map(
      (layer, number) =>
        new LayerVersion(this, `Layer${number}`, {
          code: code(layer),
          compatibleArchitectures: [architecture],
          compatibleRuntimes: [runtime],
        }),
    );
    const logGroup = new LogGroup(this, "Log", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    const lookup = new Function(this, "Function", {
      architecture,
      code: code(deployment.code),
      // Lambda itself refuses to publish a version of any other bytes.
      currentVersionOptions: { codeSha256: deployment.code.codeSha256, removalPolicy: RemovalPolicy.RETAIN },
      environment: { ...deployment.environment, ...this.#source(role, regions) },
      handler: deployment.handler,
      layers,
      logGroup,
      memorySize: 512,
      role,
      runtime,
      timeout: Duration.seconds(15),
    });
    const alias = new Alias(this, "Live", { aliasName: "live", version: lookup.currentVersion });
    const { url } = alias.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    new CfnOutput(this, "Url", { value: url });
  }

  /**
   * The variables that say where the regions are, and the permission to read them there.
   *
   * @param {Role} role
   * @param {string | undefined} regions
   * @returns {Record<string, string>}
   */
  #source(role, regions) {
    if (regions === undefined) return {};
    const [bucket, ...key] = regions.split("/");
    if (!bucket || !key.join("")) throw new DeploymentError(`regions ${regions}: not an object in S3`, "write BUCKET/KEY");
    const resource = this.formatArn({ service: "s3", region: "", account: "", resource: regions });
    role.addToPolicy(new PolicyStatement({ actions: ["s3:GetObject"], resources: [resource] }));
    return { GEO_REGIONS_BUCKET: bucket, GEO_REGIONS_KEY: key.join("/") };
  }
}

/**
 * A zip as an asset, named after its bytes: one that has not changed deploys nothing.
 *
 * @param {Asset} asset
 */
function code({ path, sha256 }) {
  return Code.fromAsset(path, { assetHash: sha256 });
}
