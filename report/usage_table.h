// Where the space goes: the bytes of repositories as a table.
#pragma once

#include "registry/inventory.h"
#include "registry/usage.h"
#include "report/text.h"

namespace regctl::report {

// The largest fair share first, those that hold nothing left out; the last rows are those that
// `text` has no room for, together, and the sum. `usage` is of `inventory`.
Section usage_table(const Inventory& inventory, const UsageReport& usage, const Text& text);

}  // namespace regctl::report
