// Aligned columns for people; one record a line, tab-separated, for programs.
#pragma once

#include <string>
#include <vector>

#include "cli/text.h"

namespace regctl::cli {

enum class Align { left, right };
enum class Layout { aligned, plain };

class Table {
 public:
  // `heads` and `aligns` are as long as every row will be.
  Table(std::vector<std::string> heads, std::vector<Align> aligns);

  void add(std::vector<std::string> cells);
  // Ends in a newline. Aligned columns are two blanks apart, and no line ends in blanks; plain ones
  // are one tab apart, without heads.
  std::string text(Layout layout) const;

 private:
  std::vector<Align> aligns_;
  std::vector<std::vector<std::string>> rows_;  // the heads first
};

// A bar of at most `width` characters; eighths of a character where UTF-8 may be used, "#"
// otherwise.
std::string bar(double share, std::size_t width, Charset charset);

}  // namespace regctl::cli
