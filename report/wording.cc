#include "report/wording.h"

#include <array>

#include "cli/failure.h"
#include "cli/messages.h"
#include "cli/units.h"
#include "registry/enum_table.h"

namespace regctl::report {
namespace {

// `pattern` with {0}, {1} ... replaced by the arguments of that number; by nothing where there is
// none.
std::string fill(std::string_view pattern, const std::vector<Argument>& arguments,
                 cli::Charset charset) {
  std::string text;
  while (!pattern.empty()) {
    const bool blank = pattern.size() >= 3 && pattern[0] == '{' && pattern[2] == '}';
    if (!blank) {
      text += pattern.front();
      pattern.remove_prefix(1);
      continue;
    }
    const auto number = static_cast<std::size_t>(pattern[1] - '0');
    if (number < arguments.size()) text += text_of(arguments[number], charset);
    pattern.remove_prefix(3);
  }
  return text;
}

struct Speaker {
  cli::Charset charset;

  std::string operator()(const std::string& name) const { return cli::printable(name, charset); }
  std::string operator()(std::uint64_t number) const { return std::to_string(number); }
  std::string operator()(Count count) const { return cli::format_count(count.count); }
  std::string operator()(Size size) const { return cli::format_bytes(size.bytes); }
  std::string operator()(Time time) const { return format_rfc3339(time); }
  std::string operator()(SystemReason reason) const { return std::strerror(reason.error); }
  std::string operator()(const Part& part) const {
    return fill(info_of(part.code).sentence, part.arguments, charset);
  }
};

struct WhyInfo {
  Why why;
  std::string_view id, words;
};

constexpr std::array kWhys = {
    WhyInfo{Why::nothing, "nothing", "not kept"},
    WhyInfo{Why::tagged, "tagged", "tagged"},
    WhyInfo{Why::listed, "listed", "in --roots"},
    WhyInfo{Why::revision, "revision", "listed as a revision"},
    WhyInfo{Why::returned, "linked-again", "linked again"},
    WhyInfo{Why::referrer, "referrer", "referrer of a kept one"},
    WhyInfo{Why::reference, "referenced", "referenced by a kept one"},
    WhyInfo{Why::is_protected, "protected", "protected"},
    WhyInfo{Why::tags_unknown, "tags-unknown", "tags unknown"},
    WhyInfo{Why::outside_tags, "newer-than-tags", "newer than any tag"},
    WhyInfo{Why::young, "young", "young"},
    WhyInfo{Why::arrived, "arrived", "arrived lately"},
    WhyInfo{Why::pinned, "pinned", "in doubt"},
    WhyInfo{Why::beginning, "being-pushed", "being pushed"},
};

static_assert(has_a_row_for_each(kWhys, &WhyInfo::why, Why::beginning));

}  // namespace

std::string text_of(const Argument& argument, cli::Charset charset) {
  return std::visit(Speaker{charset}, static_cast<const Argument::variant&>(argument));
}

std::string sentence_of(const Message& message, cli::Charset charset) {
  return fill(info_of(message.code).sentence, message.arguments, charset);
}

std::string hint_of(const Message& message, cli::Charset charset) {
  return fill(info_of(message.code).hint, message.arguments, charset);
}

void fail(cli::ExitStatus status, const Message& message) {
  const cli::Charset charset = cli::terminal_charset();
  throw cli::Failure(status, sentence_of(message, charset), hint_of(message, charset));
}

std::string format_messages(std::string_view program, std::string_view kind,
                            const std::vector<Message>& messages, const std::string& prefix,
                            cli::Charset charset) {
  std::vector<cli::Problem> problems;
  problems.reserve(messages.size());
  for (const Message& message : messages) {
    problems.push_back({std::string(info_of(message.code).id), sentence_of(message, charset),
                        message.path.empty() ? "" : cli::printable(prefix + message.path, charset),
                        hint_of(message, charset)});
  }
  return cli::format_problems(program, kind, problems);
}

std::string_view id_of(Why why) { return kWhys[static_cast<std::size_t>(why)].id; }
std::string_view words_of(Why why) { return kWhys[static_cast<std::size_t>(why)].words; }

}  // namespace regctl::report
