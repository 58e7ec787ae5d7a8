#include "gc/roots.h"

#include <algorithm>

#include "cli/failure.h"

namespace regctl::gc {

std::vector<RootDigest> parse_roots(std::string_view text, const std::string& file) {
  static constexpr std::string_view kBlank = " \t\r";
  std::vector<RootDigest> roots;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line = line.substr(0, line.find('#'));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(kBlank)));
    line = line.substr(0, line.find_last_not_of(kBlank) + 1);
    if (line.empty()) continue;
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
  }
  if (roots.empty())
    throw cli::UsageError(file + " names no digest",
                          "an empty list of roots is refused: did the command that wrote it fail?");
  return roots;
}

}  // namespace regctl::gc
