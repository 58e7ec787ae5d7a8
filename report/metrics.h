// Figures for Prometheus: one family after the other, each with its samples.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "cli/text.h"
#include "registry/time.h"

namespace regctl::report {

inline std::int64_t seconds_of(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// The text exposition format of Prometheus, version 0.0.4, as node_exporter's textfile collector
// reads it.
class Metrics {
 public:
  // Of a run of `program`, "regctl_gc", on the store at `root`.
  Metrics(std::string_view program, const std::string& root)
      : root_(escaped(cli::printable(root, cli::Charset::utf8))) {
    family(fmt::format("{}_build_info", program), "Version of the program that wrote this file.");
    sample(1, {{"version", REGCTL_VERSION}});
  }

  void family(std::string_view name, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
  }
  using Label = std::pair<std::string_view, std::string_view>;
  template <class Value>
  void sample(Value value, std::initializer_list<Label> labels = {}) {
    std::string more;
    for (const auto& [name, of] : labels) more += fmt::format(",{}=\"{}\"", name, of);
    text_ += fmt::format("{}{{root=\"{}\"{}}} {}\n", name_, root_, more, value);
  }
  template <class Value>
  void one(std::string_view name, std::string_view help, Value value) {
    family(name, help);
    sample(value);
  }

  // The line of `name` for this root in what an earlier run wrote; empty: there is none.
  std::string earlier(std::string_view name, std::string_view text) const {
    const std::string start = fmt::format("\n{}{{root=\"{}\"}} ", name, root_);
    const auto at = text.find(start);
    return at == std::string_view::npos
               ? ""
               : std::string(text.substr(at + 1, text.find('\n', at + 1) - at));
  }
  void line(const std::string& text) { text_ += text; }

  std::string text() && { return std::move(text_); }

 private:
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
    return out;
  }

  std::string root_, name_, text_;
};

}  // namespace regctl::report
