#include "gc/roots.h"

#include "cli/failure.h"
#include "cli/lines.h"

namespace regctl::gc {

std::vector<RootDigest> parse_roots(std::string_view text, const std::string& file) {
  std::vector<RootDigest> roots;
  cli::each_line(text, [&](std::size_t number, std::string_view whole) {
    const std::string_view line = cli::entry_of(whole);
    if (line.empty()) return;
    const auto at = line.rfind('@');
    const auto digest =
        Digest::parse(at == std::string_view::npos ? line : line.substr(at + 1), HexCase::either);
    if (!digest || at == 0) {
      throw cli::UsageError(
          file + ":" + std::to_string(number) + ": not a digest",
          "each line is sha256:<64 hex digits> or repository@sha256:<64 hex digits>");
    }
    std::optional<std::string> repository;
    if (at != std::string_view::npos) repository = line.substr(0, at);
    roots.push_back({std::move(repository), *digest});
  });
  if (roots.empty())
    throw cli::UsageError(file + " names no digest",
                          "an empty list of roots is refused: did the command that wrote it fail?");
  return roots;
}

}  // namespace regctl::gc
