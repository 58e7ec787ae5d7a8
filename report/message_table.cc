#include "report/message_table.h"

#include <map>
#include <string_view>

#include "report/wording.h"

namespace regctl::report {

void MessageTable::add(const std::string& kind, const std::vector<Message>& messages) {
  constexpr cli::Charset kCharset = cli::Charset::utf8;
  struct Kin {
    const Message* first;
    std::uint64_t others;
  };
  std::map<std::string_view, std::size_t> places;
  std::vector<Kin> all;
  for (const Message& message : messages) {
    const auto [at, is_new] = places.emplace(info_of(message.code).id, all.size());
    if (is_new)
      all.push_back({&message, 0});
    else
      ++all[at->second].others;
  }
  for (const auto& [first, others] : all) {
    std::string where = first->path.empty() ? "" : text_.name(prefix_ + first->path);
    if (others) where += " and " + cli::format_count(others) + " more";
    section_.rows.push_back({kind, std::string(info_of(first->code).id),
                             sentence_of(*first, kCharset), where, hint_of(*first, kCharset)});
  }
}

}  // namespace regctl::report
