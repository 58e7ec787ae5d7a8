// Finding out which registry processes serve a store, their caches and since when they run:
// evidence for the purge gate (contract 3.3). Reads /proc and the registries' configuration files,
// changes nothing and judges nothing.
#pragma once

#include <string>

#include "gc/serving/evidence.h"
#include "registry/store_facts.h"

namespace regctl::gc {

// `proc` is where the kernel shows processes, "/proc"; `store` is known by the identity of what
// was opened. Whatever cannot be read makes the evidence
// incomplete or a process doubtful; processes that end meanwhile do neither. Throws nothing of its
// own.
ProcessEvidence find_registries(const std::string& proc, const StoreFacts& store);

}  // namespace regctl::gc
