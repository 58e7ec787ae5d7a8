// Messages as text, and the only place where foreign names in them are made inert.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_status.h"
#include "cli/text.h"
#include "registry/marking/why.h"
#include "report/message.h"

namespace regctl::report {

// Names keep what `charset` can show; everything else of them is escaped. Sentences begin in lower
// case and end without a full stop.
std::string sentence_of(const Message& message, cli::Charset charset);
// Empty: nothing is known that could be done.
std::string hint_of(const Message& message, cli::Charset charset);
std::string text_of(const Argument& argument, cli::Charset charset);

// Why something is alive, as reports call it ("tagged") and for people ("in --roots").
std::string_view id_of(Why why);
std::string_view words_of(Why why);

// Ends the program: throws cli::Failure, in words for a terminal.
[[noreturn]] void fail(cli::ExitStatus status, const Message& message);

// "regctl-gc: warning: ...", one for all messages of the same id; `prefix` stands before paths.
std::string format_messages(std::string_view program, std::string_view kind,
                            const std::vector<Message>& messages, const std::string& prefix,
                            cli::Charset charset);

}  // namespace regctl::report
