// Does with the npm package dicomweb-client what the JSON on standard input asks; answers in JSON, bytes as
// Base64 and an error as its status. A browser has XMLHttpRequest; Node.js gets one from xhr2.
"use strict";

const { readFileSync } = require("node:fs");

globalThis.XMLHttpRequest = require("xhr2");
const { api } = require("dicomweb-client");

const { url, headers, acts } = JSON.parse(readFileSync(0, "utf8"));
const client = new api.DICOMwebClient({ url, headers, verbose: false });

function readable(value) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    return { contentType: value.contentType, bytes: Buffer.from(value).toString("base64") };
  }
  return Array.isArray(value) ? value.map(readable) : value;
}

async function main() {
  const answers = [];
  for (const [act, options] of acts) {
    if (options.datasets) {
      options.datasets = options.datasets.map((text) => Uint8Array.from(Buffer.from(text, "base64")).buffer);
    }
    try {
      answers.push({ answer: readable(await client[act](options)) });
    } catch (error) {
      answers.push({ status: error.status, message: error.message });
    }
  }
  process.stdout.write(JSON.stringify(answers));
}

main();
