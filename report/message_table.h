// Messages as a table: the same problem at many places is one row.
#pragma once

#include <string>
#include <vector>

#include "report/message.h"
#include "report/text.h"

namespace regctl::report {

class MessageTable {
 public:
  // `prefix` stands before paths.
  MessageTable(std::string title, std::string prefix, const Text& text)
      : prefix_(std::move(prefix)), text_(text) {
    section_ = {.record = "message",
                .title = std::move(title),
                .heads = {"KIND", "CODE", "WHAT", "WHERE", "WHAT TO DO"},
                .aligns = std::vector<cli::Align>(5, cli::Align::left),
                .rows = {}};
  }

  // Of `kind`: "warning".
  void add(const std::string& kind, const std::vector<Message>& messages);

  Section section() && { return std::move(section_); }

 private:
  const std::string prefix_;
  const Text& text_;
  Section section_;
};

}  // namespace regctl::report
