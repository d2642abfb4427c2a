// The integral of every curve in closed form against a fine sum of its watts.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "programs/emit-testbed/curve.h"

#include <math.h>
#include <stdbool.h>

struct shape_case {
    const char *name;
    struct emit_curve curve;
};

static const struct shape_case cases[] = {
    {"constant", {EMIT_CURVE_CONSTANT, 120.5, 0, 0, NULL}},
    {"square", {EMIT_CURVE_SQUARE, 20, 400, 0.014, NULL}},
    {"ramp", {EMIT_CURVE_RAMP, 10, 350, 0.25, NULL}},
    {"sine", {EMIT_CURVE_SINE, 92, 148, 0.8, NULL}},
    {"walk", {EMIT_CURVE_WALK, 14, 23, 0.05, NULL}},
    {"walk, past its last step", {EMIT_CURVE_WALK, 14, 23, 0.0001, NULL}},
};

// Midpoint rule; steps that no shape's own period divides evenly.
static double sum_joules(const struct emit_curve *curve, double from_s, double to_s) {
    enum { STEPS = 400000 };
    double width_s = (to_s - from_s) / STEPS, sum = 0;
    for (int i = 0; i < STEPS; i++)
        sum += emit_curve_watts(curve, from_s + (i + 0.5) * width_s) * width_s;
    return sum;
}

static void check_shape(const struct shape_case *row) {
    static const double spans[][2] = {{0, 0.003}, {0, 1}, {0.1234, 0.1235}, {0.7, 2.9}};
    struct emit_curve curve = row->curve;
    if (curve.shape == EMIT_CURVE_WALK &&
        !CHECK(emit_curve_walk_init(&curve, 42, NULL) == EMIT_OK, "%s: drawn", row->name))
        return;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        double from_s = spans[i][0], to_s = spans[i][1];
        double closed = emit_curve_joules(&curve, to_s) - emit_curve_joules(&curve, from_s);
        double summed = sum_joules(&curve, from_s, to_s);
        CHECK(fabs(closed - summed) <= 2e-4 * summed, "%s from %g to %g s: %.9g J, summed %.9g J",
              row->name, from_s, to_s, closed, summed);
    }
    emit_curve_clear(&curve);
}

static void check_bounds(void) {
    struct emit_curve curve = {EMIT_CURVE_WALK, 30, 90, 0.001, NULL}, again = curve, other = curve;
    double least = 1e9, most = 0;
    bool same = true, differs = false;
    CHECK(emit_curve_walk_init(&curve, 1, NULL) == EMIT_OK &&
              emit_curve_walk_init(&again, 1, NULL) == EMIT_OK &&
              emit_curve_walk_init(&other, 2, NULL) == EMIT_OK,
          "three walks are drawn");
    for (int i = 0; i < EMIT_CURVE_WALK_STEPS; i++) {
        double watts = emit_curve_watts(&curve, (i + 0.5) * 0.001);
        if (watts < least) least = watts;
        if (watts > most) most = watts;
        same = same && watts == emit_curve_watts(&again, (i + 0.5) * 0.001);
        differs = differs || watts != emit_curve_watts(&other, (i + 0.5) * 0.001);
    }
    CHECK(least >= 30 && most <= 90 && most - least > 30, "a walk uses its band: %g to %g W", least,
          most);
    CHECK(same, "one seed draws one walk");
    CHECK(differs, "another seed draws another");
    emit_curve_clear(&curve);
    emit_curve_clear(&again);
    emit_curve_clear(&other);
}

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_shape(&cases[i]);
    check_bounds();
    return check_end();
}
