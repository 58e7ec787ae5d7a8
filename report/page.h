// Pages: a document of HTML that stands alone. It asks for nothing from anywhere, is complete
// without its script, and shows the words of strangers as words: all that it is given is escaped
// here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/output_file.h"
#include "registry/time.h"
#include "report/text.h"

namespace regctl::report {

enum class Tone : std::uint8_t { good, notice, bad };

// A block in a picture of areas. In bytes.
struct Area {
  enum class Kind : std::uint8_t { used, shared, unowned, quarantine };
  std::string label, about;  // the second is told where somebody points at it
  Kind kind = Kind::used;
  std::uint64_t kept = 0, garbage = 0;

  std::uint64_t bytes() const { return kept + garbage; }
};

// Blocks that stand together.
struct AreaGroup {
  std::string label;
  std::vector<Area> areas;

  std::uint64_t bytes() const;
};

// Bytes at some time, and what of these is garbage.
struct CurvePoint {
  Time at;
  std::uint64_t bytes, garbage;
};

using Labelled = std::pair<std::string, std::string>;

// One thread at a time.
class Page {
 public:
  // Begins the document. `sink` must outlive it.
  Page(const cli::Sink& sink, const std::string& title);

  // `lines` stand below the verdict.
  void head(const std::string& title, Tone tone, const std::string& verdict,
            const std::vector<std::string>& lines);
  // Figures and what they are.
  void tiles(const std::vector<Labelled>& tiles);
  // What follows belongs to it, up to the next.
  void section(const std::string& title, const std::string& note = {});
  void line(const std::string& text);
  // A section of its own; nothing where there are no rows.
  void show(const Section& section);
  void facts(const std::vector<Labelled>& facts);
  // The largest group first, once for wide windows and once for narrow ones. Nothing where there
  // are no bytes.
  void areas(std::vector<AreaGroup> groups);
  // By time. Nothing where there are less than two.
  void curve(const std::vector<CurvePoint>& points);
  // Ends the document.
  void finish();

 private:
  void write(std::string_view markup) { sink_(markup); }
  void end_section();
  void row(const Section& section, std::size_t number);
  void draw(const std::vector<AreaGroup>& groups, double width, double height,
            std::string_view name);

  const cli::Sink& sink_;
  bool in_section_ = false;
};

}  // namespace regctl::report
