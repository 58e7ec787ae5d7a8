// What somebody should do something about, although the run goes on. Pure.
#pragma once

#include <vector>

#include "gc/deciding/judged.h"
#include "report/message.h"

namespace regctl::gc {

std::vector<report::Message> warnings_about(const Judged& judged);

// One for each thing that is damaged: a warning or a refusal, as Margins::on_damage has it.
std::vector<report::Message> damages_in(const Judged& judged, OnDamage on_damage);

}  // namespace regctl::gc
