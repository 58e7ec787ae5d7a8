// What the text reports of both programs are made of: lines, tables under titles, and how sizes,
// digests and names stand in them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/program.h"
#include "cli/table.h"
#include "registry/digest.h"
#include "registry/store_facts.h"

namespace regctl::report {

struct TextStyle {
  bool plain = false;    // one tab-separated record a line
  std::size_t top = 20;  // rows a table; 0: all
  bool truncate_digests = true;
  cli::Bytes bytes = cli::Bytes::scaled;
  cli::Charset charset = cli::Charset::ascii;
};

TextStyle style_of(const cli::Output& output);

// A table under a title, for a text or a page. Plain rows begin with `record`.
struct Section {
  std::string record, title;  // no title: none is shown
  std::string note = {};      // beside it
  std::vector<std::string> heads;
  std::vector<cli::Align> aligns;
  std::vector<std::vector<std::string>> rows;
  std::vector<double> bars = {};  // one a row, up to 1; not in plain ones. Empty: none
  std::size_t sums = 0;           // so many rows, the last, add up others
};

// Grows line by line.
class Text {
 public:
  explicit Text(const TextStyle& style) : style_(style) {}

  std::string size(std::uint64_t bytes) const { return cli::format_bytes(bytes, style_.bytes); }
  std::string digest(const Digest& digest) const;
  // Of the registry or a person: made inert.
  std::string name(const std::string& name) const { return cli::printable(name, style_.charset); }
  // How many of so many rows a table shows.
  std::size_t shown(std::size_t rows) const;

  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...) + '\n';
  }
  // Nothing where there are no rows.
  void show(Section section);
  // "Storage    /srv   (ext4, 1.00 TiB, 10.00 GiB free)"
  void storage(const StoreFacts& store);

  const TextStyle& style() const { return style_; }
  const std::string& text() const { return text_; }

 private:
  const TextStyle& style_;
  std::string text_;
};

}  // namespace regctl::report
