#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/filesystem/fstream.hpp>
#include <boost/program_options.hpp>
#include <optional>

#include "cli/failure.h"

namespace regctl::cli {
namespace {

namespace po = boost::program_options;
using Kind = OptionSpec::Kind;

std::vector<OptionSpec> all_options(const Program& program) {
  std::vector<OptionSpec> all;
  for (const OptionGroup& group : program.groups)
    all.insert(all.end(), group.options.begin(), group.options.end());
  return all;
}

bool is_switch(const OptionSpec& option) {
  return option.kind == Kind::flag || option.kind == Kind::count;
}

// "REGCTL_GC_DRY_RUN"
std::string variable_of(const std::string& program, const std::string& option) {
  std::string name = option.empty() ? program + '_' : program + '_' + option;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

// Empty: neither.
std::string boolean(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char* yes : {"true", "1", "yes", "on"}) {
    if (word == yes) return "true";
  }
  for (const char* no : {"false", "0", "no", "off"}) {
    if (word == no) return "false";
  }
  return {};
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

[[noreturn]] void unknown(const std::string& what, const std::string& word,
                          const std::vector<std::string>& known, const std::string& otherwise) {
  const std::string meant = did_you_mean(word, known);
  throw UsageError("unknown " + what + ' ' + word,
                   meant.empty() ? otherwise : "did you mean " + meant + "?");
}

// Behind the name of a flag in the hidden option that takes it back.
constexpr const char* kOff = " off";

// Values by option name, in the order given.
using Given = std::map<std::string, std::vector<std::string>>;

// What Boost is told of the options. It knows one letter an option, and refuses --flag=false: for
// those there are hidden options, whose names people cannot spell because of the blank in them.
struct Description {
  po::options_description options;
  std::vector<std::string> long_names;
  // What a hidden one stands for: the option, and its word.
  std::map<std::string, std::pair<std::string, std::string>> hidden;
};

Description describe(const std::vector<OptionSpec>& options) {
  Description description;
  const auto add = [&](const OptionSpec& option, const std::string& spelling) {
    auto to = description.options.add_options();
    if (is_switch(option))
      to(spelling.c_str(), po::value<std::vector<bool>>()->zero_tokens());
    else
      to(spelling.c_str(), po::value<std::vector<std::string>>(), "");
  };
  for (const OptionSpec& option : options) {
    description.long_names.push_back("--" + option.name);
    add(option, option.letter ? option.name + ',' + option.letter : option.name);
    if (option.second_letter) {
      const std::string again = option.name + " again";
      add(option, again + ',' + option.second_letter);
      description.hidden[again] = {option.name, "true"};
    }
    if (is_switch(option)) {
      add(option, option.name + kOff);
      description.hidden[option.name + kOff] = {option.name, "false"};
    }
  }
  return description;
}

bool names(const OptionSpec& option, const std::string& word) {
  const auto is = [&](char letter) { return letter && word == std::string{'-', letter}; };
  return word == "--" + option.name || is(option.letter) || is(option.second_letter);
}

// With --flag=true and --flag=false, which users of Go programs type, as Boost takes them.
std::vector<std::string> normalised(std::vector<std::string> arguments,
                                    const std::vector<OptionSpec>& options) {
  for (std::string& argument : arguments) {
    if (argument == "--") break;  // operands follow
    const auto equals = argument.find('=');
    if (equals == std::string::npos) continue;
    const auto option = std::find_if(options.begin(), options.end(), [&](const OptionSpec& one) {
      return is_switch(one) && names(one, argument.substr(0, equals));
    });
    if (option == options.end()) continue;
    const std::string value = boolean(argument.substr(equals + 1));
    if (value.empty()) throw UsageError(argument + ": not true or false", "");
    argument = "--" + option->name + (value == "true" ? "" : kOff);
  }
  return arguments;
}

po::parsed_options parsed(const std::vector<std::string>& arguments,
                          const po::options_description& options) {
  po::positional_options_description positions;
  positions.add("operand", -1);
  using namespace po::command_line_style;
  return po::command_line_parser(arguments)
      .options(options)
      .positional(positions)
      .style(unix_style & ~allow_guessing)
      .run();
}

// REQUIRES: `option` is no operand.
void collect(const po::option& option, const Description& description, Given& given) {
  const auto& words = option.original_tokens;
  if (words.size() > 1 && words[1].starts_with("--"))
    throw UsageError(words[0] + ' ' + words[1] + ": the value is missing",
                     "write " + words[0] + "=" + words[1] + " if it is one");
  const auto meant = description.hidden.find(option.string_key);
  const bool is_hidden = meant != description.hidden.end();
  auto& values = given[is_hidden ? meant->second.first : option.string_key];
  if (option.value.empty()) values.push_back(is_hidden ? meant->second.second : "true");
  values.insert(values.end(), option.value.begin(), option.value.end());
}

Given from_command_line(const Program& program, const std::vector<std::string>& arguments,
                        std::vector<std::string>& operands) {
  const auto options = all_options(program);
  const Description description = describe(options);
  po::options_description with_operands;
  with_operands.add(description.options)
      .add_options()("operand", po::value<std::vector<std::string>>());
  Given given;
  try {
    for (const auto& option : parsed(normalised(arguments, options), with_operands).options) {
      if (option.string_key == "operand")
        operands.insert(operands.end(), option.value.begin(), option.value.end());
      else
        collect(option, description, given);
    }
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    unknown("option", name.substr(0, name.find('=')), description.long_names,
            program.name + " --help lists the options");
  } catch (const po::error& error) {
    throw UsageError(error.what(), program.name + " --help lists the options");
  }
  return given;
}

Given from_environment(const Program& program, const std::vector<std::string>& environment) {
  std::vector<std::string> known;
  std::map<std::string, std::string> option_of;
  for (const OptionSpec& option : all_options(program)) {
    if (option.only_command_line) continue;
    known.push_back(variable_of(program.name, option.name));
    option_of[known.back()] = option.name;
  }
  Given given;
  const std::string prefix = variable_of(program.name, "");
  for (const std::string& line : environment) {
    const auto equals = line.find('=');
    const std::string name = line.substr(0, equals);
    if (!name.starts_with(prefix)) continue;
    const auto option = option_of.find(name);
    if (option == option_of.end())
      unknown("environment variable", name, known, "unset it if it is not ours");
    given[option->second].push_back(line.substr(equals + 1));
  }
  return given;
}

// What is meant by `key`, "hold" or, in a section, "regctl-gc.hold"; empty: another program's.
// `place` is for messages.
std::optional<std::string> own_key(const Program& program, const std::string& key,
                                   const std::string& place) {
  const auto dot = key.find('.');
  if (dot == std::string::npos) return key;
  const std::string section = key.substr(0, dot);
  if (section == program.name) return key.substr(dot + 1);
  std::vector<std::string> known = program.siblings;
  if (std::find(known.begin(), known.end(), section) != known.end()) return std::nullopt;
  known.push_back(program.name);
  unknown("section in " + place, section, known, "sections are the names of programs");
}

Given from_file(const Program& program, const std::string& file) {
  boost::filesystem::ifstream in(file);
  if (!in) throw UsageError("cannot read the configuration " + file, "check --config");
  std::vector<std::string> known;
  po::options_description description;
  for (const OptionSpec& option : all_options(program)) {
    if (option.only_command_line) continue;
    known.push_back(option.name);
    description.add_options()(option.name.c_str(), po::value<std::vector<std::string>>());
  }
  Given given;
  try {
    for (const auto& option : po::parse_config_file(in, description, true).options) {
      const auto key = own_key(program, option.string_key, file + ':');
      if (!key) continue;
      if (std::find(known.begin(), known.end(), *key) == known.end())
        unknown("key in " + file + ':', *key, known, "keys are the long names of options");
      auto& values = given[*key];
      values.insert(values.end(), option.value.begin(), option.value.end());
    }
  } catch (const po::error& error) {
    throw UsageError(file + ": " + error.what(), "lines are  key = value");
  }
  if (in.bad()) throw UsageError("cannot read the configuration " + file, "check --config");
  return given;
}

}  // namespace

std::string did_you_mean(const std::string& word, const std::vector<std::string>& words) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 4) + 1;
  for (const std::string& candidate : words) {
    // What was typed may be the beginning of a long name: --delete for --delete-untagged.
    const bool beginning = word.size() > 4 && candidate.starts_with(word);
    const std::size_t distance = beginning ? 1 : edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

Options parse_options(const Program& program, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment) {
  Options result;
  const auto options = all_options(program);
  for (const OptionSpec& option : options) {
    auto& setting = result.settings_[option.name];
    setting = {option.kind, {}, "default"};
  }
  const auto take = [&](const Given& given, const auto& source_of) {
    for (const auto& [name, values] : given) {
      auto& setting = result.settings_.at(name);
      if (setting.kind == Kind::list) {
        setting.values.insert(setting.values.end(), values.begin(), values.end());
        setting.source =
            setting.source == "default" ? source_of(name) : setting.source + ", " + source_of(name);
        continue;
      }
      if (setting.source != "default") continue;  // a stronger source has spoken
      if (setting.kind == Kind::value && values.back().empty())
        throw UsageError(source_of(name) + ": " + name + ": the value is empty", "leave it out");
      setting.source = source_of(name);
      if (setting.kind == Kind::value) {
        setting.values = {values.back()};
        continue;
      }
      for (const std::string& value : values) {
        unsigned times = 0;
        const std::string word = boolean(value);
        const bool number = value.size() == 1 && value[0] >= '2' && value[0] <= '9';
        if (setting.kind == Kind::count && number) times = static_cast<unsigned>(value[0] - '0');
        if (word.empty() && times == 0)
          throw UsageError(
              fmt::format("{}: {} = {}: not true or false", source_of(name), name, value), "");
        if (word == "false")
          setting.values.clear();
        else
          setting.values.insert(setting.values.end(), std::max(times, 1u), "true");
      }
    }
  };
  take(from_command_line(program, arguments, result.operands_),
       [](const std::string&) { return std::string("command line"); });
  take(from_environment(program, environment),
       [&](const std::string& name) { return "environment " + variable_of(program.name, name); });
  if (const auto config = result.settings_.find("config");
      config != result.settings_.end() && !config->second.values.empty()) {
    std::string file = config->second.values.back();
    take(from_file(program, file), [&](const std::string&) { return file; });
  }
  for (const OptionSpec& option : options) {
    auto& setting = result.settings_.at(option.name);
    if (option.kind == Kind::value && setting.values.empty())
      setting.values = {option.default_value};
  }
  return result;
}

unsigned Options::count(const std::string& name) const {
  return static_cast<unsigned>(settings_.at(name).values.size());
}
const std::string& Options::value(const std::string& name) const {
  return settings_.at(name).values.at(0);
}
const std::vector<std::string>& Options::list(const std::string& name) const {
  return settings_.at(name).values;
}

std::string Options::with_sources() const {
  std::size_t widest_name = 0, widest_value = 0;
  std::vector<std::array<std::string, 3>> rows;
  for (const auto& [name, setting] : settings_) {
    std::string value;
    if (setting.kind == Kind::flag) value = setting.values.empty() ? "false" : "true";
    if (setting.kind == Kind::count) value = std::to_string(setting.values.size());
    if (setting.kind == Kind::value) value = setting.values.at(0);
    if (setting.kind != Kind::list)
      rows.push_back({name, value, setting.source});
    else if (!setting.values.empty())
      for (const std::string& item : setting.values) rows.push_back({name, item, setting.source});
    else
      continue;
  }
  for (const auto& row : rows) {
    widest_name = std::max(widest_name, row[0].size());
    widest_value = std::max(widest_value, row[1].size());
  }
  std::string text;
  for (const auto& [name, value, source] : rows)
    text += fmt::format("{:<{}} = {:<{}}  # {}\n", name, widest_name, value, widest_value, source);
  return text;
}

std::string help_text(const Program& program) {
  static constexpr std::size_t kColumn = 32, kWidth = 80;
  std::string text = program.usage;
  for (const OptionGroup& group : program.groups) {
    text += '\n' + group.heading + '\n';
    for (const OptionSpec& option : group.options) {
      std::string line = "  ";
      const auto add_letter = [&](char letter) { line.append({'-', letter}).append(", "); };
      if (option.letter)
        add_letter(option.letter);
      else
        line += "    ";
      if (option.second_letter) add_letter(option.second_letter);
      line += "--" + option.name;
      if (!option.metavar.empty()) line += ' ' + option.metavar;
      std::string help = option.help;
      if (option.kind == Kind::value && !option.default_value.empty())
        help += " (" + option.default_value + ")";
      if (line.size() + 1 > kColumn) {
        text += line + '\n';
        line.clear();
      }
      while (!help.empty()) {
        line.resize(kColumn, ' ');
        std::size_t length = help.size();
        if (length > kWidth - kColumn) length = std::min(length, help.rfind(' ', kWidth - kColumn));
        text += line + help.substr(0, length) + '\n';
        help.erase(0, length + 1);
        line.clear();
      }
    }
  }
  return text + program.epilogue;
}

}  // namespace regctl::cli
