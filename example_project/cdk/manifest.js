// @ts-check
/**
 * The manifest that `ofiuco zip --manifest` writes: what of it a function is made from, held to the zips beside it.
 *
 * @typedef {{ path: string, sha256: string, codeSha256: string }} Asset A zip: hashes in hex, and in base64
 * @typedef {object} Deployment
 * @property {Asset} code
 * @property {Asset[]} layers
 * @property {string} handler
 * @property {string} runtime as Lambda has it: python3.13
 * @property {"arm64" | "x86_64"} architecture
 * @property {Record<string, string>} environment
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const VERSION = 1;
const ARCHITECTURES = ["arm64", "x86_64"];
const AGAIN = "run `ofiuco zip` again, with --manifest";

/** What no function can be made from, with one remedy. */
export class DeploymentError extends Error {
  /**
   * @param {string} message
   * @param {string} hint
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/**
 * What the manifest at `path` says, checked.
 *
 * @param {string} path
 * @returns {Deployment}
 */
export function readManifest(path) {
  const document = parsed(path);
  if (document?.version !== VERSION) {
    throw new DeploymentError(`${path}: not a manifest of version ${VERSION}`, AGAIN);
  }
  if (!isWhole(document)) throw new DeploymentError(`${path}: lacks what \`ofiuco zip\` writes`, AGAIN);
  const { handler, runtime, architectures, environment, layout, platform, python } = document;
  if (layout !== "flat") {
    const hint = "use the layout flat, with --split for a layer of the dependencies";
    throw new DeploymentError(`${path}: the zip has the layout ${layout}: a function's is flat`, hint);
  }
  if (handler === null) throw new DeploymentError(`${path}: no handler`, "give `ofiuco zip` the --handler MODULE.NAME");
  if (!platform.tag.startsWith("manylinux") || !ARCHITECTURES.includes(architectures[0])) {
    const hint = "use --platform aws_lambda or aws_lambda_x86_64";
    const message = `the zip is for ${platform.tag}: Lambda has Linux with glibc, on arm64 or x86_64`;
    throw new DeploymentError(`${path}: ${message}`, hint);
  }
  if (runtime === null) {
    throw new DeploymentError(`${path}: the zip is for Python ${python}: Lambda has none`, "use --python 3.13, for example");
  }
  return {
    code: checked(path, document),
    layers: document.layers.map((/** @type {any} */ layer) => checked(path, layer)),
    handler,
    runtime,
    architecture: architectures[0],
    environment,
  };
}

/**
 * @param {string} path
 * @returns {any}
 */
function parsed(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new DeploymentError(`${path}: not JSON`, AGAIN);
    throw new DeploymentError(`${path}: cannot be read: ${code(error)}`, AGAIN);
  }
}

/**
 * Whether a document has what is read of it.
 *
 * @param {any} document
 */
function isWhole({ architectures, asset, environment, layers, platform }) {
  const isNamed = typeof asset === "string" && typeof platform?.tag === "string";
  return isNamed && Array.isArray(architectures) && Array.isArray(layers) && environment instanceof Object;
}

/**
 * The zip that a part of the manifest is about, beside the manifest.
 *
 * @param {string} manifest
 * @param {{ asset: string, sha256: string, code_sha256: string }} about
 * @returns {Asset}
 */
function checked(manifest, { asset, sha256, code_sha256: codeSha256 }) {
  const path = join(dirname(manifest), basename(asset));
  let found;
  try {
    found = createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch (error) {
    throw new DeploymentError(`${path}: cannot be read: ${code(error)}`, "keep the zips beside their manifest");
  }
  if (found !== sha256) {
    throw new DeploymentError(`${path}: has the sha256 ${found}, but ${manifest} is of ${sha256}`, AGAIN);
  }
  return { path, sha256, codeSha256 };
}

/** @param {unknown} error */
function code(error) {
  return error instanceof Error && "code" in error ? error.code : error;
}
