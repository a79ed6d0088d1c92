// @ts-check
/**
 * Deploys what `ofiuco zip` has written: `node app.js` synthesizes into cdk.out, `cdk deploy` deploys.
 *
 * Context: `manifest`, the manifest's path (../build/geo-lookup.json), and `regions`, the object that has the regions, as
 * BUCKET/KEY.
 */

import { fileURLToPath } from "node:url";

import { App } from "aws-cdk-lib/core";

import { GeoLookupStack } from "./geo-lookup-stack.js";
import { DeploymentError, readManifest } from "./manifest.js";

const app = new App({
  outdir: process.env.CDK_OUTDIR ?? "cdk.out",
  analyticsReporting: false,
  // A version is a new one where a layer is, too.
  context: {
    "@aws-cdk/aws-lambda:recognizeLayerVersion": true,
    "@aws-cdk/aws-lambda:recognizeVersionProps": true,
  },
});
const manifest = app.node.tryGetContext("manifest") ?? fileURLToPath(new URL("../build/geo-lookup.json", import.meta.url));
const regions = app.node.tryGetContext("regions");

try {
  new GeoLookupStack(app, "GeoLookup", { deployment: readManifest(manifest), regions });
  app.synth();
} catch (error) {
  if (!(error instanceof DeploymentError)) throw error;
  console.error(`error: ${error.message}\nhint: ${error.hint}`);
  process.exitCode = 1;
}
