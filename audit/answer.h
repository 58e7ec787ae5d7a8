// Answers: what a question about a store is answered with, as tables of values, and these as text
// and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "registry/digest.h"
#include "registry/time.h"
#include "report/message.h"
#include "report/text.h"

namespace regctl::audit {

// A string is a name out of the registry; digests are a way from one to the next.
using Cell = std::variant<std::monostate, std::string, report::Count, report::Size, Digest,
                          std::vector<Digest>, Time>;

struct Column {
  std::string key;   // in JSON
  std::string head;  // in text
};

struct AnswerTable {
  std::string key;    // in JSON, and before plain records
  std::string title;  // in text; may be empty
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

using Answer = std::vector<AnswerTable>;

// Of these tables, in this order. (A list in braces would copy them.)
template <class... Tables>
Answer answer_of(Tables&&... tables) {
  Answer answer;
  answer.reserve(sizeof...(tables));
  (answer.push_back(std::forward<Tables>(tables)), ...);
  return answer;
}

std::string answer_text(const Answer& answer, const report::TextStyle& style);
// One document and a newline, as docs/regctl-audit-answer.schema.json says. Both must outlive it.
cli::Text answer_json(const Answer& answer, const std::string& root);

}  // namespace regctl::audit
