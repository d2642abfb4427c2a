// The identity of events as an independent implementation sees it: reads files,
// one event each, prints SHA-256 of their RFC 8785 form. ECMAScript's number
// writing and its order of strings are what the RFC is made of.
// SPDX-License-Identifier: Apache-2.0
"use strict";
const fs = require("fs");
const crypto = require("crypto");

function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) => JSON.stringify(key) + ":" + canonical(value[key]));
  return "{" + members.join(",") + "}";
}

for (const path of process.argv.slice(2)) {
  const form = canonical(JSON.parse(fs.readFileSync(path, "utf8")));
  process.stdout.write(crypto.createHash("sha256").update(form, "utf8").digest("hex") + "\n");
}
