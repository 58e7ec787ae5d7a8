// Progress: the only way code below a program's command speaks while it works.
#pragma once

#include <cstdint>
#include <string_view>

namespace regctl {

// advance() may be called from several threads at once.
class Progress {
 public:
  virtual ~Progress() = default;
  // A new phase begins, of `total` units (0: not known), e.g. ("scan", 412, "repositories").
  virtual void phase(std::string_view name, std::uint64_t total, std::string_view unit) = 0;
  virtual void advance(std::uint64_t units) = 0;
};

class NullProgress final : public Progress {
 public:
  void phase(std::string_view, std::uint64_t, std::string_view) override {}
  void advance(std::uint64_t) override {}
};

}  // namespace regctl
