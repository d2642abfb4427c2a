#!/bin/sh
# Phases of a shell script:  emit run -- ./phases.sh
# SPDX-License-Identifier: Apache-2.0
set -eu

emit mark prepare
sleep 0.2 # stands for what a real script does
emit mark --end prepare

for step in 1 2; do # the same name again adds up
    emit mark train
    sleep 0.3
    emit mark --end train
done

# A command that is metered inside a run is a phase of it, too, and tells what it drew.
emit run --quiet --phase check -- sleep 0.2
