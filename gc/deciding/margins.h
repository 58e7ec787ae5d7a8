// The margins that make collecting safe, and the brakes, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "registry/marking/policy.h"
#include "registry/time.h"

namespace regctl::gc {

// The least whole percentage that `part` is not more than; of nothing 0. Exact up to 184 PB.
constexpr std::uint64_t percent_up(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : (part * 100 + whole - 1) / whole;
}

enum class OnDamage { pin, refuse };

// Doubts about the whole store that the operator may let pass.
enum class Insisted : std::uint8_t { manifests_elsewhere, tags_look_dead, registry_in_doubt };

// The brake on how much one plan may take.
struct MaxDelete {
  enum class Unit { blobs, percent, bytes };
  Unit unit = Unit::percent;
  std::uint64_t value = 50;
};

struct Margins {
  Duration hold = kUsualHold;  // between quarantine and purge
  MaxDelete max_delete;
  OnDamage on_damage = OnDamage::pin;
  std::uint64_t max_damage = 5;  // percent; more is not damage but half a store
  std::set<Insisted> insist;
  bool prune_layer_links = true;
  bool prune_empty_repositories = false;
  std::optional<Duration> purge_uploads;  // older than this; empty: none
  // Refuse if an upload was written to within this; empty: the registry may run.
  std::optional<Duration> uploads_idle;
};

}  // namespace regctl::gc
