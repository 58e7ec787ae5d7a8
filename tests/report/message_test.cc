// The table of messages, and what becomes of one.
#include "report/message.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "report/wording.h"

namespace regctl::report {
namespace {

using cli::Charset;

TEST(Messages, IdsAreOfOneKind) {
  std::map<std::string_view, std::set<MessageKind>> kinds;
  for (int i = 0; i <= static_cast<int>(Code::quarantined_since); ++i) {
    const CodeInfo& info = info_of(static_cast<Code>(i));
    const bool in_reports = info.kind != MessageKind::part && info.kind != MessageKind::failure;
    EXPECT_EQ(info.id.empty(), !in_reports) << i;
    if (in_reports) kinds[info.id].insert(info.kind);
  }
  kinds.erase("read-error");  // a refusal of a run, or an error about one candidate
  for (const auto& [id, several] : kinds) EXPECT_EQ(several.size(), 1u) << id;
}

TEST(Messages, OnlyTwoIdsAreBrakes) {
  std::set<std::string_view> brakes;
  for (int i = 0; i <= static_cast<int>(Code::quarantined_since); ++i) {
    const Message message{.code = static_cast<Code>(i)};
    if (is_brake(message)) brakes.insert(info_of(message.code).id);
  }
  EXPECT_EQ(brakes, (std::set<std::string_view>{"max-delete", "takes-everything"}));
}

TEST(Wording, FillsInWhatASentenceLeavesOpen) {
  const Message message{.code = Code::max_delete_blobs,
                        .arguments = {std::uint64_t{12345}, std::uint64_t{9}}};
  EXPECT_EQ(sentence_of(message, Charset::ascii), "12345 blobs would go, more than --max-delete 9");
  EXPECT_EQ(hint_of(message, Charset::ascii),
            "look at the plan; if it is right:  --max-delete 12345");
}

TEST(Wording, KnowsEveryKindOfArgument) {
  const auto text = [](const Argument& argument) { return text_of(argument, Charset::ascii); };
  EXPECT_EQ(text(std::string("name")), "name");
  EXPECT_EQ(text(std::uint64_t{12345}), "12345");
  EXPECT_EQ(text(Count{12345}), "12,345");
  EXPECT_EQ(text(Size{2048}), "2.00 KiB");
  EXPECT_EQ(text(Time(std::chrono::seconds(1'780'272'000))), "2026-06-01T00:00:00Z");
  EXPECT_EQ(text(SystemReason{EACCES}), "Permission denied");
  EXPECT_EQ(text(Part{Code::process, {std::uint64_t{7}, std::string("c.yml")}}),
            "the registry (pid 7, c.yml)");
}

TEST(Wording, AnArgumentThatIsMissingLeavesNothing) {
  EXPECT_EQ(sentence_of({.code = Code::protect_idle}, Charset::ascii),
            "--protect  matches no repository");
}

TEST(Wording, P14EscapesNamesOnceAndWhatTheCharsetCannotShow) {
  const Message message{.code = Code::protect_idle,
                        .arguments = {std::string("\u00FCbung\x1b[2J\u202E{0}")}};
  EXPECT_EQ(sentence_of(message, Charset::utf8),
            "--protect \u00FCbung\\x1b[2J\\xe2\\x80\\xae{0} matches no repository");
  EXPECT_EQ(sentence_of(message, Charset::ascii),
            "--protect \\xc3\\xbcbung\\x1b[2J\\xe2\\x80\\xae{0} matches no repository");
}

TEST(Wording, FoldsWhatHasTheSameId) {
  const std::vector<Message> messages = {{.code = Code::unexpected_file, .path = "a"},
                                         {.code = Code::unexpected_file, .path = "b"}};
  EXPECT_EQ(format_messages("regctl-gc", "warning", messages, "v2/", Charset::ascii),
            "regctl-gc: warning: no registry writes this\n  where  v2/a and 1 more\n");
}

}  // namespace
}  // namespace regctl::report
