// The tables of regctl-gc's text report.
#pragma once

#include "gc/report.h"
#include "report/text.h"

namespace regctl::gc {

// REQUIRES: `report` has findings, and `totals` are of it.
report::Section types_table(const Report& report, const Totals& totals, const report::Text& text);
report::Section garbage_table(const Report& report, const Totals& totals, const report::Text& text);
report::Section ages_table(const Report& report, const report::Text& text);
report::Section largest_table(const Report& report, const report::Text& text);

}  // namespace regctl::gc
