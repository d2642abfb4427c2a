// How fast node parses, or ajv checks, the lines of a file: prints the
// seconds of processor time and the lines.
// usage: node validate.js parse FILE | node validate.js ajv FILE SCHEMA MODULES
// SPDX-License-Identifier: Apache-2.0
'use strict';
const fs = require('fs');
const [what, path, schema, modules] = process.argv.slice(2);

let check = JSON.parse;
if (what === 'ajv') {
    const Ajv = require(modules + '/ajv/dist/2020').default;
    const ajv = new Ajv({allErrors: false, strict: false});
    require(modules + '/ajv-formats').default(ajv);
    const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, 'utf8')));
    check = line => {
        if (!validate(JSON.parse(line))) throw new Error(JSON.stringify(validate.errors) + line);
    };
}

// Whole lines of 16 MiB at a time: one long string would not be what a reader sees.
const file = fs.openSync(path, 'r'), buffer = Buffer.alloc(16 << 20);
const begin = process.cpuUsage();
let count = 0, kept = 0, got;
while ((got = fs.readSync(file, buffer, kept, buffer.length - kept)) > 0) {
    const have = kept + got, end = buffer.lastIndexOf(10, have - 1) + 1;
    for (const line of buffer.toString('utf8', 0, end).split('\n')) {
        if (line === '') continue;
        check(line);
        count++;
    }
    buffer.copy(buffer, 0, end, have);
    kept = have - end;
}
const used = process.cpuUsage(begin);
console.log((used.user + used.system) / 1e6, count);
