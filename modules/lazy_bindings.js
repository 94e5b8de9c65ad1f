// Loaded by Node with --require before jsii's kernel starts (see modules/cdk.py).
// The provider package ships lib/index.js, which loads all of its 2,135 modules (2.9 s, 550 MB measured), and
// lib/lazy-index.js, which loads each on first use. Where the second is missing, Node's own resolution stands.
// cdktf itself loads an archiver (0.1 s), which only its assets use: that too is put off until it is called.
"use strict";
const fs = require("fs");
const Module = require("module");
const path = require("path");

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (...args) {
  const found = resolveFilename.apply(this, args);
  if (typeof found === "string" && /[\\/]provider-aws[\\/](?:[^\\/]+[\\/])?lib[\\/]index\.js$/.test(found)) {
    const lazy = path.join(path.dirname(found), "lazy-index.js");
    if (fs.existsSync(lazy)) return lazy;
  }
  return found;
};

const load = Module._load;
Module._load = function (request, ...rest) {
  if (request !== "archiver") return load.call(this, request, ...rest);
  return (...args) => load.call(this, request, ...rest)(...args);
};
