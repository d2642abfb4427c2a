// emit sensors --udev GROUP: the rule that lets a group read the counters.
// packaging/udev holds the same text for the group emit.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/sensors.h"

#include <string.h>

// The kernel sets mode and owner of a counter when a zone appears; a rule can only
// change them behind it. The mode stays without anything for others.
// Each @ is the group.
static const char rule[] =
    "# Lets the group @ read the energy counters of processors, and nobody else.\n"
    "# Fast power readings leak keys (CVE-2020-8694): trust the members accordingly.\n"
    "#\n"
    "#   sudo groupadd --system --force @\n"
    "#   sudo usermod --append --groups @ \"$USER\"    # and log in again\n"
    "#   emit sensors --udev @ | sudo tee /etc/udev/rules.d/70-emit.rules\n"
    "#   sudo udevadm control --reload\n"
    "#   sudo udevadm trigger --action=add --subsystem-match=powercap\n"
    "ACTION==\"add\", SUBSYSTEM==\"powercap\", TEST==\"energy_uj\", \\\n"
    "  RUN+=\"/bin/chgrp @ /sys%p/energy_uj\", \\\n"
    "  RUN+=\"/bin/chmod 0440 /sys%p/energy_uj\"\n";

// What useradd(8) takes; such a name cannot end a string of the rule.
static bool is_group_name(const char *group) {
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
    static const char others[] = "abcdefghijklmnopqrstuvwxyz_0123456789-";
    size_t length = strlen(group);
    return length > 0 && length <= 32 && strchr(first, group[0]) && strspn(group, others) == length;
}

enum emit_status emit_sensors_print_udev_rule(FILE *out, const char *group,
                                              struct emit_error *err) {
    if (!is_group_name(group))
        return emit_fail(err, EMIT_INVALID,
                         "'%.40s' is no name of a group: write it with a-z, 0-9, '-' and '_'",
                         group);
    for (const char *at = rule; *at; at++)
        if (*at == '@')
            fputs(group, out);
        else
            fputc(*at, out);
    return EMIT_OK;
}
