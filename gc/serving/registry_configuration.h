// What a registry's configuration says about its storage: the YAML file as distribution reads it,
// with the REGISTRY_* variables of its environment laid over it. Pure: opens no file, knows no
// process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gc/serving/evidence.h"

namespace regctl::gc {

struct Configuration {
  std::optional<std::string> root_directory;  // empty: its storage is no directory (S3, ...)
  Cache cache = Cache::none;
  bool redis = false;  // an address of one stands there
  bool read_only = false, proxy = false;

  bool operator==(const Configuration&) const = default;
};

// `environment` as "NAME=value". Where versions of distribution read a variable differently, the
// reading that is less safe for us to rely on counts.
std::variant<Configuration, Unclear> parse_configuration(
    std::string_view yaml, const std::vector<std::string>& environment);

// The root directory that the environment alone determines, whatever the file says; empty: it does
// not.
std::optional<std::string> root_directory_of(const std::vector<std::string>& environment);

}  // namespace regctl::gc
