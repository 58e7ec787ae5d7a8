#include "audit/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "cli/failure.h"
#include "cli/lines.h"
#include "cli/program.h"
#include "registry/json_object.h"
#include "registry/layout.h"

namespace regctl::audit {
namespace {

// A line that was understood.
struct Line {
  std::string path;
  Algorithm algorithm;
  std::string hex;
};

std::optional<Algorithm> algorithm_of(std::size_t hex_digits) {
  for (const Algorithm algorithm : kAlgorithms) {
    if (2 * bytes_of(algorithm) == hex_digits) return algorithm;
  }
  return std::nullopt;
}

// As coreutils write names with odd bytes: the line begins with a backslash, and \n, \r and \\ in
// the name mean what they do in C.
std::string unescaped(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\' || i + 1 == name.size()) {
      text += name[i];
      continue;
    }
    const char c = name[++i];
    text += c == 'n' ? '\n' : c == 'r' ? '\r' : c;
  }
  return text;
}

// "<hex>  <name>" or "<hex> *<name>".
std::optional<Line> of_sum(std::string_view line) {
  const bool escaped = line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  const auto space = line.find(' ');
  if (space == line.npos || space + 2 > line.size()) return std::nullopt;
  const char mode = line[space + 1];
  const auto algorithm = algorithm_of(space);
  if (!algorithm || (mode != ' ' && mode != '*')) return std::nullopt;
  const std::string_view name = line.substr(space + 2);
  return Line{escaped ? unescaped(name) : std::string(name), *algorithm,
              std::string(line.substr(0, space))};
}

// "SHA256 (<name>) = <hex>".
std::optional<Line> of_tagged_sum(std::string_view line) {
  const bool escaped = line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  const auto open = line.find(" ("), close = line.rfind(") = ");
  if (!line.starts_with("SHA") || open == line.npos || close == line.npos || close < open + 2)
    return std::nullopt;
  const std::string_view hex = line.substr(close + 4),
                         name = line.substr(open + 2, close - open - 2);
  const auto algorithm = algorithm_of(hex.size());
  if (!algorithm) return std::nullopt;
  return Line{escaped ? unescaped(name) : std::string(name), *algorithm, std::string(hex)};
}

// RFC 4180, of one line. Empty: it ends within quotes.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return quoted ? std::nullopt : std::optional(fields);
}

int value_of(char hex_digit) {
  if (hex_digit >= '0' && hex_digit <= '9') return hex_digit - '0';
  const char lower = static_cast<char>(hex_digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Keys in a report are encoded as in URLs.
std::string decoded(std::string_view key) {
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool escape = key[i] == '%' && i + 2 < key.size() && value_of(key[i + 1]) >= 0 &&
                        value_of(key[i + 2]) >= 0;
    text += escape ? static_cast<char>(value_of(key[i + 1]) * 16 + value_of(key[i + 2])) : key[i];
    if (escape) i += 2;
  }
  return text;
}

// "checksumHex", "checksum_hex", "ChecksumHex" are one name.
std::string folded(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c != '_') text += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  return text;
}

// The checksum of a whole object in the ResultMessage of a task that succeeded.
std::optional<std::string> checksum_in(std::string_view message) {
  const auto hex = read_json_object(message, [](simdjson::dom::object object) {
    std::string checksum, type, algorithm;
    for (const auto& [key, value] : object) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) continue;
      const std::string name = folded(key);
      if (name == "checksumhex") checksum = text;
      if (name == "checksumtype") type = folded(text);
      if (name == "checksumalgorithm") algorithm = folded(text);
    }
    const bool is_whole = type.empty() || type == "fullobject";
    return is_whole && algorithm.starts_with("sha") && algorithm != "sha1" ? checksum : "";
  });
  return hex && !(*hex).empty() ? std::optional(*hex) : std::nullopt;
}

std::optional<Line> of_batch_report(std::string_view line) {
  const auto fields = fields_of(line);
  if (!fields || fields->size() != 7 || folded((*fields)[3]) != "succeeded") return std::nullopt;
  const auto hex = checksum_in((*fields)[6]);
  const auto algorithm = hex ? algorithm_of(hex->size()) : std::nullopt;
  if (!algorithm) return std::nullopt;
  return Line{decoded((*fields)[1]), *algorithm, *hex};
}

std::optional<Line> understood(std::string_view line) {
  if (auto sum = of_tagged_sum(line)) return sum;
  if (auto sum = of_sum(line)) return sum;
  return of_batch_report(line);
}

// The digest by whose place the path ends: ".../blobs/sha256/ab/<hex>/<name>".
std::optional<Digest> blob_at(std::string_view path) {
  const std::string_view directory = layout::parent_of(path);
  const std::string_view above = layout::parent_of(layout::parent_of(directory));
  const auto algorithm = algorithm_named(layout::name_of(above));
  if (!algorithm) return std::nullopt;
  const auto digest = Digest::from_hex(*algorithm, layout::name_of(directory));
  const bool is_its_place =
      digest && ('/' + std::string(directory)).ends_with('/' + layout::blob(*digest));
  return is_its_place ? digest : std::nullopt;
}

[[noreturn]] void reject(const std::string& file, std::size_t number, const std::string& why) {
  throw cli::UsageError(fmt::format("--evidence {}: line {} {}", file, number, why),
                        "write it with: find blobs -name data -exec sha256sum {} +");
}

// Whether paths to blobs can be of this storage.
class Home {
 public:
  explicit Home(const std::string& v2) : v2_(v2) {}

  bool has(std::string_view path, const Digest& blob) {
    const std::string_view directory = layout::parent_of(path);
    return has_top(std::string(directory.substr(0, directory.size() - layout::blob(blob).size())));
  }

 private:
  bool has_top(const std::string& top) {
    if (!top.starts_with('/')) return true;
    const auto [known, is_new] = known_.try_emplace(top);
    if (is_new) known->second = cli::is_same_directory(top + "blobs", v2_ + "/blobs");
    return known->second;
  }

  const std::string v2_;
  std::map<std::string, bool> known_;
};

}  // namespace

Evidence parse_evidence(std::string_view text, const std::string& file, const cli::Written& written,
                        const std::string& v2) {
  Evidence evidence{.file = file, .written = written, .checksums = {}};
  Home home(v2);
  cli::each_line(text, [&](std::size_t number, std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return;
    const auto read = understood(line);
    if (!read) reject(file, number, "is no checksum");
    const auto blob = blob_at(read->path);
    const std::string_view name = layout::name_of(read->path);
    if (blob && layout::parse_quarantine_name(name)) return;
    if (!blob || name != layout::kData) reject(file, number, "names no blob: " + read->path);
    if (blob->algorithm() != read->algorithm)
      reject(file, number, "tells another algorithm than the name of its blob");
    const auto found = Digest::from_hex(read->algorithm, read->hex, HexCase::either);
    if (!found) reject(file, number, "is no checksum");
    if (home.has(read->path, *blob))
      evidence.checksums.push_back({*blob, *found});
    else
      ++evidence.elsewhere;
  });
  if (evidence.checksums.empty() && !evidence.elsewhere)
    throw cli::UsageError("--evidence " + file + ": there is no checksum in it");
  return evidence;
}

Evidence read_evidence(const std::string& file, const std::string& v2) {
  if (file == "-")
    throw cli::UsageError("--evidence -: standard input does not tell when it was written",
                          "write it into a file");
  const cli::Written written = cli::file_written_value("evidence", file);
  return parse_evidence(cli::file_value("evidence", file), file, written, v2);
}

}  // namespace regctl::audit
