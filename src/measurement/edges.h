// How well the energy of a window is known. Private to this folder.
// SPDX-License-Identifier: Apache-2.0
#ifndef MEASUREMENT_EDGES_H
#define MEASUREMENT_EDGES_H

#include "measurement/measurement.h"

// The timing uncertainty of a tally that has energy, not yet cut to three digits. It
// does not speak of the sensor's accuracy.
double emit_edges_joules(const struct emit_point *point, const struct emit_tally *tally,
                         const struct emit_window *window, double mean_watts);

#endif
