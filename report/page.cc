#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "registry/hasher.h"
#include "report/page_assets.h"
#include "report/treemap.h"

namespace regctl::report {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// "WHERE THE SPACE GOES" as a page writes it.
std::string sentence_case(std::string_view capitals) {
  std::string text(capitals);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// As a Content-Security-Policy names what it lets pass (CSP level 3, 2.3.1).
std::string source_of(std::string_view bytes) {
  const Digest digest = digest_of(bytes);
  const auto hash = digest.hash();
  return "'sha256-" + cli::base64({reinterpret_cast<const char*>(hash.data()), hash.size()}) + '\'';
}

std::string_view name_of(Tone tone) {
  return tone == Tone::good ? "good" : tone == Tone::notice ? "notice" : "bad";
}

std::string_view name_of(Area::Kind kind) {
  switch (kind) {
    case Area::Kind::used:
      return "used";
    case Area::Kind::shared:
      return "shared";
    case Area::Kind::unowned:
      return "unowned";
    case Area::Kind::quarantine:
      break;
  }
  return "quarantine";
}

constexpr double kCharacter = 7;  // the width of one of 12 pixels, about
constexpr double kLine = 15;
constexpr double kShortestBar = 0.005;

// As much of `text` as fits, "" where that is too little to tell anything. Characters of UTF-8
// stay whole.
std::string fitting(const std::string& text, double width) {
  const auto room = static_cast<std::size_t>(std::max(0.0, (width - 6) / kCharacter));
  if (text.size() <= room) return text;
  if (room < 4) return {};
  std::size_t end = room - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string picture(std::string_view kind, std::string_view name, double width, double height,
                    std::string_view about) {
  return fmt::format(R"(<svg class="{} {}" viewBox="0 0 {} {}" role="img" aria-label="{}">)", kind,
                     name, width, height, about);
}

std::string rectangle(const Rectangle& at, std::string_view name) {
  return fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>)",
                     at.x, at.y, at.width, at.height, name);
}

// Nothing where there is no room.
std::string label(const std::string& text, const Rectangle& at, double line,
                  std::string_view attributes = {}) {
  const std::string shown = at.height >= kLine * (line + 1) ? fitting(text, at.width) : "";
  if (shown.empty()) return {};
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}"{}>{}</text>)", at.x + 3,
                     at.y + kLine * (line + 1) - 3, attributes, escaped(shown));
}

std::string block(const Area& area, const Rectangle& at) {
  std::string text =
      "<g><title>" + escaped(area.about) + "</title>" + rectangle(at, name_of(area.kind));
  if (area.garbage) {
    Rectangle waste = at;
    waste.height *= cli::share(area.garbage, area.bytes());
    waste.y += at.height - waste.height;
    text += rectangle(waste, "waste");
  }
  return text + label(area.label, at, 0) + label(cli::format_bytes(area.bytes()), at, 1) + "</g>";
}

template <class T>
std::vector<Rectangle> areas_of(const std::vector<T>& items, const Rectangle& room) {
  std::vector<double> sizes;
  sizes.reserve(items.size());
  for (const T& one : items) sizes.push_back(static_cast<double>(one.bytes()));
  return treemap(sizes, room);
}

template <class T>
void largest_first(std::vector<T>& items) {
  std::erase_if(items, [](const T& one) { return one.bytes() == 0; });
  std::stable_sort(items.begin(), items.end(),
                   [](const T& a, const T& b) { return a.bytes() > b.bytes(); });
}

constexpr std::string_view kPatterns = R"html(<svg class="defs" aria-hidden="true"><defs>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse"
 patternTransform="rotate(45)"><rect class="hatch-ground" width="7" height="7"/>
<rect class="hatch-line" width="4" height="7"/></pattern></defs></svg>
)html";

constexpr std::pair<std::string_view, std::string_view> kLegend[] = {
    {"used", "one repository's alone"},
    {"shared", "shared by several"},
    {"waste", "garbage"},
    {"unowned", "kept for another reason, or in quarantine"}};

}  // namespace

std::uint64_t AreaGroup::bytes() const {
  std::uint64_t sum = 0;
  for (const Area& area : areas) sum += area.bytes();
  return sum;
}

Page::Page(const cli::Sink& sink, const std::string& title) : sink_(sink) {
  write(R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src )" +
        source_of(kPageStyle) + "; script-src " + source_of(kPageScript) +
        R"(; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>)" +
        escaped(title) + "</title>\n<style>");
  write(kPageStyle);
  write("</style></head>\n<body>");
  write(kPatterns);
}

void Page::head(const std::string& title, Tone tone, const std::string& verdict,
                const std::vector<std::string>& lines) {
  write(fmt::format("<header class=\"{}\"><h1>{}</h1>\n<p class=\"verdict\">{}</p>\n",
                    name_of(tone), escaped(title), escaped(verdict)));
  for (const std::string& one : lines) line(one);
  write("</header>\n<main>\n");
}

void Page::tiles(const std::vector<Labelled>& tiles) {
  write("<ul class=\"tiles\">");
  for (const auto& [value, name] : tiles)
    write(fmt::format("<li><b>{}</b>{}</li>", escaped(value), escaped(name)));
  write("</ul>\n");
}

void Page::section(const std::string& title, const std::string& note) {
  end_section();
  in_section_ = true;
  write("<section><h2>" + escaped(sentence_case(title)) + "</h2>\n");
  if (!note.empty()) write("<p class=\"note\">" + escaped(note) + "</p>\n");
}

void Page::end_section() {
  if (in_section_) write("</section>\n");
  in_section_ = false;
}

void Page::line(const std::string& text) { write("<p>" + escaped(text) + "</p>\n"); }

// Ends of cells and rows may be left out (HTML, 13.1.2.4), and a page may have 10,000 rows.
void Page::row(const Section& section, std::size_t number) {
  std::string text = "<tr>";
  for (std::size_t i = 0; i < section.heads.size(); ++i) {
    text += section.aligns[i] == cli::Align::right ? "<td class=n>" : "<td>";
    text += escaped(section.rows[number][i]);
  }
  if (!section.bars.empty()) {
    text += "<td>";
    // One that is too short to see costs a hundred bytes.
    if (const double bar = section.bars[number]; bar > kShortestBar)
      text += fmt::format(
          R"(<svg class=bar viewBox="0 0 1 1" preserveAspectRatio=none aria-hidden=true>)"
          R"(<rect width={:.3f} height=1 /></svg>)",
          bar);
  }
  write(text + '\n');
}

void Page::show(const Section& section) {
  if (section.rows.empty()) return;
  this->section(section.title, section.note);
  write("<div class=\"scroll\"><table><thead><tr>");
  for (std::size_t i = 0; i < section.heads.size(); ++i)
    write(fmt::format("<th scope=\"col\"{}>{}</th>",
                      section.aligns[i] == cli::Align::right ? " class=\"n\"" : "",
                      escaped(sentence_case(section.heads[i]))));
  if (!section.bars.empty()) write("<th></th>");
  write("</tr></thead>\n<tbody>\n");
  const std::size_t last = section.rows.size() - section.sums;
  for (std::size_t i = 0; i < last; ++i) row(section, i);
  write("</tbody>\n");
  if (section.sums) {
    write("<tfoot>\n");
    for (std::size_t i = last; i < section.rows.size(); ++i) row(section, i);
    write("</tfoot>\n");
  }
  write("</table></div>\n");
}

void Page::facts(const std::vector<Labelled>& facts) {
  write("<dl>\n");
  for (const auto& [name, value] : facts)
    write(fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value)));
  write("</dl>\n");
}

void Page::draw(const std::vector<AreaGroup>& groups, double width, double height,
                std::string_view name) {
  write(picture("map", name, width, height,
                "Areas in proportion to bytes; the table of repositories has the figures"));
  const auto rooms = areas_of(groups, {0, 0, width, height});
  for (std::size_t i = 0; i < groups.size(); ++i) {
    Rectangle room = rooms[i];
    const bool has_name = groups[i].areas.size() > 1 && room.height >= 4 * kLine;
    if (has_name) {
      write(label(groups[i].label + "  " + cli::format_bytes(groups[i].bytes()), room, 0,
                  " class=\"name\""));
      room.y += kLine + 1;
      room.height -= kLine + 1;
    }
    const auto places = areas_of(groups[i].areas, room);
    for (std::size_t k = 0; k < places.size(); ++k) write(block(groups[i].areas[k], places[k]));
  }
  write("</svg>\n");
}

void Page::areas(std::vector<AreaGroup> groups) {
  for (AreaGroup& group : groups) largest_first(group.areas);
  largest_first(groups);
  if (groups.empty()) return;
  draw(groups, 1180, 480, "wide");
  draw(groups, 370, 560, "tall");
  write("<ul class=\"legend\">");
  for (const auto& [kind, name] : kLegend)
    write(fmt::format("<li><svg aria-hidden=\"true\">{}</svg>{}</li>",
                      rectangle({0, 0, 20, 20}, kind), name));
  write("</ul>\n");
}

void Page::curve(const std::vector<CurvePoint>& points) {
  if (points.size() < 2) return;
  constexpr double kWidth = 1180, kHeight = 180, kBottom = 160, kTop = 20;
  std::uint64_t most = 1;
  for (const CurvePoint& one : points) most = std::max(most, one.bytes);
  const auto begin = points.front().at;
  const double span =
      std::max(1.0, std::chrono::duration<double>(points.back().at - begin).count());
  const auto line_of = [&](std::uint64_t CurvePoint::*what, std::string_view name) {
    std::string places;
    for (const CurvePoint& one : points)
      places += fmt::format("{:.1f},{:.1f} ",
                            kWidth * std::chrono::duration<double>(one.at - begin).count() / span,
                            kBottom - (kBottom - kTop) * cli::share(one.*what, most));
    write(fmt::format(R"(<polyline class="{}" points="{}"/>)", name, places));
  };
  const auto day = [](Time time) { return format_rfc3339(time).substr(0, 10); };
  write(picture("curve", "", kWidth, kHeight, "Bytes by time; the table has the figures"));
  for (const double y : {kTop, kBottom})
    write(fmt::format(R"(<line class="axis" x1="0" y1="{0}" x2="{1}" y2="{0}"/>)", y, kWidth));
  line_of(&CurvePoint::bytes, "first");
  line_of(&CurvePoint::garbage, "second");
  write(fmt::format(R"(<text x="3" y="{}">{}</text><text x="3" y="{}">{}</text>)", kTop - 5,
                    cli::format_bytes(most), kHeight - 5, day(begin)));
  write(fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text></svg>)", kWidth - 3,
                    kHeight - 5, day(points.back().at)));
  write("<p class=\"note\">Solid: all bytes of blobs. Broken: what of these is garbage.</p>\n");
}

void Page::finish() {
  end_section();
  write("</main>\n<script>");
  write(kPageScript);
  write("</script></body></html>\n");
}

}  // namespace regctl::report
