// The work of emit tokens in node, as one would write it there: read, parse, bring the
// counts into disjoint buckets, keep the last record of each id, find the profile of the
// model, multiply, write the events. Prints the seconds of processor time from the first
// byte read on, the records and the events.
// usage: node tokens.js run|request FILE OUT WANTED
// WANTED, made by emit: {map: {GLOB: PROFILE}, rows: lines of `emit tokens profiles --json`,
// events: {PROFILE: an event, whose constant tags are taken over}}
// SPDX-License-Identifier: Apache-2.0
'use strict';
const fs = require('fs');
const [grouping, path, out, wanted] = process.argv.slice(2);
const given = JSON.parse(fs.readFileSync(wanted, 'utf8'));

const globs = Object.entries(given.map).map(([glob, profile]) => ({
    literals: glob.replace(/[*?]/g, '').length,
    fits: new RegExp('^' + glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.') + '$', 'u'),
    profile,
})).sort((a, b) => b.literals - a.literals);

// Integers, as in emit: nanojoules and thousandths.
const LEVELS = ['low', 'medium', 'high'];
const beyond = given.rows.find(row => row.transform === 'context-long-v1');
const profiles = new Map();
for (const row of given.rows) {
    if (!row.profile || !given.events[row.profile]) continue;
    const ends = {};
    for (const end of ['low', 'central', 'high']) {
        ends[end] = {beyond: Math.round(beyond.factor[end] * 1000)};
        for (const [bucket, of] of Object.entries(row.coefficients)) ends[end][bucket] = Math.round(of[end] * 1e9);
    }
    const trust = {};
    for (const [bucket, of] of Object.entries(row.coefficients)) trust[bucket] = of.central ? LEVELS.indexOf(of.confidence) : 2;
    profiles.set(row.profile, {id: row.profile, context: row.context_tokens_max, ends, trust, event: given.events[row.profile]});
}

const known = new Map();
function profileOf(model) {
    let profile = known.get(model);
    if (profile === undefined) {
        const fitting = globs.find(glob => glob.fits.test(model));
        if (!fitting) throw new Error('no profile for ' + model);
        known.set(model, profile = profiles.get(fitting.profile));
    }
    return profile;
}

function count(value, field) {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(field + ' is no count: ' + value);
    return value;
}

function normalise(record) {
    const usage = record.usage;
    const prompt = count(usage.prompt_tokens, 'prompt_tokens');
    const completion = count(usage.completion_tokens, 'completion_tokens');
    const cached = count(usage.prompt_tokens_details?.cached_tokens ?? 0, 'cached_tokens');
    const reasoning = count(usage.completion_tokens_details?.reasoning_tokens ?? 0, 'reasoning_tokens');
    if (usage.prompt_tokens_details?.audio_tokens || usage.completion_tokens_details?.audio_tokens)
        throw new Error('audio');
    if (cached > prompt || reasoning > completion || usage.total_tokens !== prompt + completion)
        throw new Error('the counts contradict each other');
    const profile = profileOf(record.model);
    const is_beyond = prompt + completion > profile.context;
    return {id: record.id, profile, time: record.created, input: prompt - cached, cached,
        output: completion - reasoning, reasoning, requests: 1,
        beyond_output: is_beyond ? completion - reasoning : 0, beyond_reasoning: is_beyond ? reasoning : 0};
}

// One end of the range. Of one request the products are below 2^53, and exact.
function joules(counts, of) {
    const more = of.beyond - 1000;
    return ((counts.input * of.input + counts.cached * of.cached_input + counts.output * of.output +
        counts.reasoning * of.reasoning_output + counts.requests * of.request) +
        (counts.beyond_output * of.output + counts.beyond_reasoning * of.reasoning_output) * more / 1000) / 1e9;
}

// The lowest of what the joules are made of.
function confidence(counts, of, is_beyond) {
    let least = is_beyond ? LEVELS.indexOf(beyond.confidence) : 2;
    if (counts.input) least = Math.min(least, of.input);
    if (counts.cached) least = Math.min(least, of.cached_input);
    if (counts.output) least = Math.min(least, of.output);
    if (counts.reasoning) least = Math.min(least, of.reasoning_output);
    return LEVELS[least];
}

function event(counts, time, ref) {
    const {profile} = counts, like = profile.event, is_beyond = counts.beyond_output + counts.beyond_reasoning > 0;
    const tags = {...like.tags};
    delete tags.coefficient_transforms, delete tags.extrapolated_output_tokens;
    delete tags.extrapolated_reasoning_output_tokens;
    if (is_beyond) {
        tags.coefficient_transforms = 'context-long-v1';
        if (counts.beyond_output) tags.extrapolated_output_tokens = counts.beyond_output;
        if (counts.beyond_reasoning) tags.extrapolated_reasoning_output_tokens = counts.beyond_reasoning;
    }
    tags.cached_input_tokens = counts.cached, tags.input_tokens = counts.input;
    tags.output_tokens = counts.output, tags.reasoning_output_tokens = counts.reasoning;
    tags.requests = counts.requests, tags.record_ref = ref;
    tags.confidence = confidence(counts, profile.trust, is_beyond);
    tags.quantity_low = joules(counts, profile.ends.low), tags.quantity_high = joules(counts, profile.ends.high);
    return JSON.stringify({...like, event_ts: new Date(time * 1000).toISOString(),
        quantity: joules(counts, profile.ends.central), tags}) + '\n';
}

// Whole lines of 16 MiB at a time: one long string would not be what a reader sees.
const file = fs.openSync(path, 'r'), buffer = Buffer.alloc(16 << 20), output = fs.openSync(out, 'w');
const begin = process.cpuUsage();
const kept = new Map();
let records = 0, rest = 0, got;
while ((got = fs.readSync(file, buffer, rest, buffer.length - rest)) > 0) {
    const have = rest + got, end = buffer.lastIndexOf(10, have - 1) + 1;
    for (const line of buffer.toString('utf8', 0, end).split('\n')) {
        if (line === '') continue;
        const record = normalise(JSON.parse(line));
        kept.set(record.id, record);
        records++;
    }
    buffer.copy(buffer, 0, end, have);
    rest = have - end;
}

let events = 0, text = [];
function write(line) {
    events++;
    if (text.push(line) === 1000) fs.writeSync(output, text.join('')), text = [];
}
if (grouping === 'request') {
    for (const record of kept.values()) write(event(record, record.time, record.id));
} else {
    const sums = new Map();
    for (const record of kept.values()) {
        let sum = sums.get(record.profile);
        if (!sum) sums.set(record.profile, sum = {...record, input: 0, cached: 0, output: 0, reasoning: 0,
            requests: 0, beyond_output: 0, beyond_reasoning: 0});
        for (const name of ['input', 'cached', 'output', 'reasoning', 'requests', 'beyond_output', 'beyond_reasoning'])
            sum[name] += record[name];
        if (record.time > sum.time) sum.time = record.time;
    }
    for (const sum of sums.values()) write(event(sum, sum.time, 'run/' + sum.profile.id));
}
fs.writeSync(output, text.join(''));
const used = process.cpuUsage(begin);
console.log((used.user + used.system) / 1e6, records, events);
