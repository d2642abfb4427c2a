// What emit is, and the list of its subcommands: one line each.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/command.h"

extern const struct emit_command emit_command_attach;
extern const struct emit_command emit_command_begin;
extern const struct emit_command emit_command_campus;
extern const struct emit_command emit_command_compare;
extern const struct emit_command emit_command_diagnostics;
extern const struct emit_command emit_command_end;
extern const struct emit_command emit_command_help;
extern const struct emit_command emit_command_mark;
extern const struct emit_command emit_command_outbox;
extern const struct emit_command emit_command_run;
extern const struct emit_command emit_command_runs;
extern const struct emit_command emit_command_schema;
extern const struct emit_command emit_command_sensors;
extern const struct emit_command emit_command_show;
extern const struct emit_command emit_command_tokens;
extern const struct emit_command emit_command_validate;
extern const struct emit_command emit_command_version;

static const struct emit_manual_row variables[] = {
    {"EMIT_RUN_ID", "The id of the run; emit run sets it for the command it starts. Processes that "
                    "are given the same id share the run."},
    {"EMIT_RUN_FOLDER", "Set by emit run for the command it starts: where its run file is. By it "
                        "emit mark, libemit and an emit run inside find the run they are part of."},
    {"EMIT_WORKSPACE_ID", "The workspace the events belong to."},
    {"EMIT_NODE_RUNS", "Where runs that root began are shown to every user, instead of "
                       "/run/emit/runs. A folder or a copy in it that is neither root's nor one's "
                       "own is not looked at."},
    {"EMIT_METERS", "The meters to read, as --meters of emit run."},
    {"EMIT_OUTBOX", "The database file of the store."},
    {"EMIT_SYSFS_ROOT, EMIT_NVML_LIBRARY, EMIT_DCGM_LIBRARY, EMIT_DCGM_HOST, EMIT_DCGM_EXPORTER, "
     "EMIT_DCGM_EXPORTER_STEP",
     "Where the counters are, as the options of emit run. emit run sets these and EMIT_OUTBOX for "
     "its command where an option or the configuration said so, so that an emit inside finds the "
     "same store and reads the same counters."},
    {"EMIT_TOKENS_FROM", "The inference server to ask, as --tokens-from of emit run."},
    {"EMIT_CONFIG", "The configuration file."},
    {"XDG_STATE_HOME, XDG_CONFIG_HOME, XDG_RUNTIME_DIR, HOME",
     "Where the files below lie. The runtime folder is used only when nothing else on this node "
     "is a disk of its own."},
    {"TERM", "When it is unset or dumb, no line is redrawn in place."},
    {0},
};

static const struct emit_manual_row files[] = {
    {"$XDG_STATE_HOME/emit/outbox.db, ~/.local/state/emit/outbox.db",
     "The store: events, diagnostics and reports. Of root: /var/lib/emit/outbox.db. Beside it lie "
     "its lock, SQLite's -wal and -shm, and a ballast of 8 MiB that makes room on a full disk."},
    {"runs/ beside the store",
     "One file of counts for each run that goes on. The next command closes the run of a killed "
     "emit from it."},
    {"/var/tmp/emit-UID/outbox-*.db",
     "The store of a user whose home is on a network file system; of root "
     "/var/lib/emit/outbox-*.db. emit says so when it goes there."},
    {"$XDG_CONFIG_HOME/emit/emit.yaml, ~/.config/emit/emit.yaml, /etc/emit/emit.yaml",
     "The configuration; the first one that exists is read. Options rank above variables, "
     "variables above the file."},
    {"/usr/share/emit/coefficients",
     "The files of the table of coefficients that is compiled in, where emit is installed below "
     "/usr: to be copied for --coefficients of emit tokens."},
    {"workspace.yaml", "In the working directory or above it: its id names the workspace."},
    {"/sys/class/powercap", "The counters, only ever read."},
    {"libnvidia-ml.so.1, libdcgm.so.4 or .so.3, libcurl.so.4, libsqlite3.so.0",
     "Opened at run time by what uses them: NVML and DCGM where /dev/nvidiactl is or an option "
     "names them, libcurl for a dcgm-exporter and for --tokens-from, SQLite for the store. None is "
     "needed to start."},
    {"/usr/lib/udev/rules.d/70-emit.rules, /usr/lib/sysusers.d/emit.conf",
     "The rule that lets the group emit read the counters, and that group, where emit is "
     "installed below /usr."},
    {0},
};

// clang-format off
const struct emit_program emit_program = {
    .name = "emit",
    .summary = "energy telemetry that says what it measured, and what it did not",
    .text = "emit states energy in joules, in one form: an event emit:energy_meter_recorded "
            "that says whether it was measured by a sensor, modeled from a cited coefficient or "
            "estimated by proration, and by which interface. What could not be read becomes a "
            "diagnostic with a reason and a remedy, never a number. emit only observes: it "
            "writes to no power limit and to no device.\n\n"
            "Never run on real hardware so far: processors, GPUs, DCGM, MIG, superchips and clusters "
            "of several nodes were read about and played by the test bed. docs/hardware.md of the "
            "source lists them, and what that leaves open.",
    .explains_codes = true,
    .variables = variables,
    .files = files,
    .exits = "emit run exits as its command did, and with 125 when emit itself failed. All other "
             "commands: 0 done; 1 done, and the finding is negative (an invalid event, nothing "
             "readable, no such run); 2 wrong usage, or something could not be read; 3 partly "
             "done. Each page says more.",
    .examples = "# what can be read here, and what helps where it cannot\n"
                "emit sensors\n\n"
                "# meter a command, then look at what it left\n"
                "emit run -- make\n"
                "emit runs\n\n"
                "# model the energy of tokens that a provider served\n"
                "emit tokens --usage march.jsonl --run-id run_88\n\n"
                "# every event in the store, held against the contract\n"
                "emit outbox export | emit validate --strict",
    .see_also = "emit\\-testbed (1)",
};

const struct emit_command *const emit_commands[] = {
    &emit_command_run,
    &emit_command_begin,
    &emit_command_end,
    &emit_command_attach,
    &emit_command_mark,
    &emit_command_tokens,
    &emit_command_campus,
    &emit_command_sensors,
    &emit_command_runs,
    &emit_command_show,
    &emit_command_compare,
    &emit_command_diagnostics,
    &emit_command_outbox,
    &emit_command_validate,
    &emit_command_schema,
    &emit_command_help,
    &emit_command_version,
    NULL,
};
// clang-format on
