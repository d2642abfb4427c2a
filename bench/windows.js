// The work of emit campus facility-energy --ndjson in node: records in, facility events out,
// exact decimals (BigInt), repeats and overlaps of a meter refused. No contract is checked.
// usage: node windows.js FILE > EVENTS ; prints the seconds of processor time and the events
// on standard error.
// SPDX-License-Identifier: Apache-2.0
'use strict';
const fs = require('fs');

const UNITS = {J: 1n, kJ: 1000n, MJ: 1000000n, Wh: 3600n, '0.1 kWh': 360000n, kWh: 3600000n, MWh: 3600000000n};
const CLASSES = {pdu: 'metered', ups: 'metered', smart_meter: 'metered', ipmi: 'device-counter', redfish: 'device-counter'};
const COMPONENTS = {pdu: 'pdu', ups: 'ups', smart_meter: 'facility-feed', ipmi: 'node', redfish: 'node'};

// A decimal times a whole number: exact, then the nearest double.
function joules(text, unit) {
    const at = text.indexOf('.');
    if (at < 0) return Number(BigInt(text) * UNITS[unit]);
    const places = text.length - at - 1;
    const scaled = BigInt(text.slice(0, at) + text.slice(at + 1)) * UNITS[unit], ten = 10n ** BigInt(places);
    return scaled % ten === 0n ? Number(scaled / ten) : Number(scaled) / Number(ten);
}

const meters = new Map();
let metadata = {};

function convert(line) {
    const record = JSON.parse(line);
    if (record.metadata) {
        metadata = record.metadata;
        return null;
    }
    const from = Date.parse(record.from), to = Date.parse(record.to);
    if (!(from < to)) throw new Error('time-order');
    const name = record.energy_source + '\n' + record.facility_id + '\n' + record.device_id;
    let spans = meters.get(name);
    if (!spans) meters.set(name, spans = []);
    // Times mostly rise: at the end; else by search.
    let place = spans.length;
    while (place > 0 && spans[place - 1][0] > from) place--;
    const before = spans[place - 1], after = spans[place];
    if (before && before[1] > from || after && after[0] < to) throw new Error('overlap');
    spans.splice(place, 0, [from, to]);
    // What JSON.parse read of a number is its shortest text again: here no digit is lost.
    const quantity = joules(String(record.value), record.unit);
    const tags = {accuracy_class: CLASSES[record.energy_source], capability_tier: 'facility',
        component: record.component || COMPONENTS[record.energy_source], device_id: record.device_id,
        energy_provenance: 'measured', energy_source: record.energy_source, facility_id: record.facility_id,
        measurement_window_ms: to - from, phase: 'total', provider_family: 'operator-owned'};
    for (const fact of metadata.pue || [])
        if (Date.parse(fact.from) <= from && Date.parse(fact.to) >= to) tags.pue = fact.value;
    tags.pue_applied = false;
    if (metadata.region) tags.region = metadata.region;
    tags.transport = record.transport || 'file';
    tags.valid_from = new Date(from).toISOString();
    tags.valid_to = new Date(to).toISOString();
    return JSON.stringify({channel_id: 'emit', event_ts: tags.valid_to, kind: 'emit:energy_meter_recorded', quantity,
        tags, unit: 'joules', workspace_id: 'ws_local'});
}

const file = fs.openSync(process.argv[2], 'r'), buffer = Buffer.alloc(1 << 20);
const begin = process.cpuUsage();
let events = 0, kept = 0, got;
while ((got = fs.readSync(file, buffer, kept, buffer.length - kept)) > 0) {
    const have = kept + got, end = buffer.lastIndexOf(10, have - 1) + 1, out = [];
    for (const line of buffer.toString('utf8', 0, end).split('\n')) {
        const event = line === '' ? null : convert(line);
        if (event !== null) out.push(event);
    }
    events += out.length;
    if (out.length) fs.writeSync(1, out.join('\n') + '\n');
    buffer.copy(buffer, 0, end, have);
    kept = have - end;
}
const used = process.cpuUsage(begin);
console.error((used.user + used.system) / 1e6, events);
