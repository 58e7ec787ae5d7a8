#include "gc/serving/registry_configuration.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

namespace regctl::gc {
namespace {

constexpr std::string_view kPrefix = "REGISTRY_";
constexpr const char* kDefaultRoot = "/var/lib/registry";

// A YAML document as far as it was copied: aliases resolved, each key once.
struct Value {
  enum class Kind { null, scalar, sequence, map } kind = Kind::null;
  std::string scalar;
  bool implied = false;  // made by a variable's name, not read
  std::map<std::string, Value> members;

  bool says_something() const {
    return kind == Kind::scalar ? !scalar.empty() : kind != Kind::null;
  }
  const Value* member(const std::string& key) const {
    const auto at = members.find(key);
    return at == members.end() ? nullptr : &at->second;
  }
};

// Copies nodes, within limits: aliases can make a small document enormous.
class Copier {
 public:
  Value copy(const YAML::Node& node, int depth = 0) {
    if (++copied_ > 10'000 || depth > 32) throw Unclear{Unclear::Why::too_large};
    const std::string& tag = node.Tag();
    if (!tag.empty() && tag != "?" && tag != "!" && !tag.starts_with("tag:yaml.org,2002:"))
      throw Unclear{Unclear::Why::private_tags};
    if (tag.ends_with(":binary")) throw Unclear{Unclear::Why::base64};
    Value value;
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
      case YAML::NodeType::Scalar:
        value.kind = Value::Kind::scalar;
        value.scalar = node.Scalar();
        break;
      case YAML::NodeType::Sequence:
        value.kind = node.size() ? Value::Kind::sequence : Value::Kind::null;
        break;
      case YAML::NodeType::Map:
        value.kind = Value::Kind::map;
        copy_members(value, node, depth);
        break;
    }
    return value;
  }

 private:
  void copy_members(Value& value, const YAML::Node& map, int depth) {
    std::vector<Value> merged;
    for (const auto& entry : map) {
      const YAML::Node& key = entry.first;
      if (!key.IsScalar() && !key.IsNull()) throw Unclear{Unclear::Why::no_plain_keys};
      const std::string name = key.IsScalar() ? key.Scalar() : "";
      const bool is_quoted = key.Tag() == "!";
      if (name == "<<" && !is_quoted)
        copy_merged(merged, entry.second, depth);
      else if (!value.members.emplace(name, copy(entry.second, depth + 1)).second)
        throw Unclear{Unclear::Why::key_twice, name};
    }
    // What the map says itself counts, then what was named first.
    for (Value& one : merged) value.members.merge(one.members);
  }

  // The value of a merge key (yaml.org/type/merge): yaml-cpp does not carry it out, and
  // distribution does.
  void copy_merged(std::vector<Value>& merged, const YAML::Node& node, int depth) {
    if (node.IsSequence()) {
      for (const YAML::Node& one : node) copy_merged(merged, one, depth + 1);
      return;
    }
    if (!node.IsMap()) throw Unclear{Unclear::Why::merge_keys};
    merged.push_back(copy(node, depth + 1));
  }

  int copied_ = 0;
};

Value parse(const std::string& text) {
  try {
    return Copier().copy(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    throw Unclear{Unclear::Why::not_yaml, error.what()};
  }
}

char to_upper(char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char to_lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <class Convert>
std::string convert(std::string text, Convert each) {
  std::transform(text.begin(), text.end(), text.begin(), each);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// What distribution reads below this depth are maps with keys of any type, into which it does not
// let variables (it logs "involving map with non-string keys"); a version that reads them otherwise
// would.
constexpr std::size_t kTypedDepth = 2;
enum class DeepVariables { apply, ignore };

// REGISTRY_A_B=c: what stands at a.b, keys compared in capitals, is c. Path components that lead
// through something else than a map are ignored.
void overlay(Value& top, const std::vector<std::string>& path, Value payload, DeepVariables deep) {
  Value* here = &top;
  for (std::size_t depth = 0;; ++depth) {
    if (here->kind == Value::Kind::null) *here = {.kind = Value::Kind::map, .implied = true};
    if (here->kind != Value::Kind::map) return;
    if (depth > kTypedDepth && !here->implied && deep == DeepVariables::ignore) return;
    const auto is_called = [&](const auto& member) {
      return convert(member.first, to_upper) == path[depth];
    };
    const auto found = std::find_if(here->members.begin(), here->members.end(), is_called);
    Value& next = found != here->members.end() ? found->second
                                               : here->members[convert(path[depth], to_lower)];
    if (depth + 1 == path.size()) {
      next = std::move(payload);
      return;
    }
    here = &next;
  }
}

struct Variable {
  std::vector<std::string> path;
  std::string value;
};

// In the order of their names, so that REGISTRY_STORAGE comes before what lies in it.
std::vector<Variable> variables_of(std::vector<std::string> environment) {
  std::sort(environment.begin(), environment.end(), [](const std::string& a, const std::string& b) {
    return a.substr(0, a.find('=')) < b.substr(0, b.find('='));
  });
  std::vector<Variable> variables;
  for (const std::string& entry : environment) {
    const auto equals = entry.find('=');
    if (!entry.starts_with(kPrefix) || equals == std::string::npos || equals == kPrefix.size())
      continue;
    Variable variable{split(entry.substr(kPrefix.size(), equals - kPrefix.size()), '_'),
                      entry.substr(equals + 1)};
    // A cluster's own variables (REGISTRY_SERVICE_HOST, REGISTRY_PORT_5000_TCP_ADDR) fit nowhere;
    // these do.
    const std::string& section = variable.path.front();
    if (section == "STORAGE" || section == "PROXY" || section == "REDIS")
      variables.push_back(std::move(variable));
  }
  return variables;
}

// `storage: filesystem` is short for a map without parameters.
void unfold_storage(Value& top) {
  const auto storage = top.members.find("storage");
  if (storage == top.members.end() || storage->second.kind != Value::Kind::scalar) return;
  Value map{.kind = Value::Kind::map};
  map.members[storage->second.scalar];
  storage->second = std::move(map);
}

const Value* at(const Value& top, std::initializer_list<const char*> path) {
  const Value* here = &top;
  for (const char* key : path) {
    here = here->member(key);
    if (!here) return nullptr;
  }
  return here;
}

bool says_something(const Value* value) { return value && value->says_something(); }

bool is_true(const Value* value) {
  static constexpr std::string_view kTrue[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                               "on",   "On",   "ON",   "y",   "Y"};
  return value && value->kind == Value::Kind::scalar &&
         std::find(std::begin(kTrue), std::end(kTrue), value->scalar) != std::end(kTrue);
}

Cache cache_of(const Value& top) {
  const Value* kind = at(top, {"storage", "cache", "blobdescriptor"});
  if (!kind) kind = at(top, {"storage", "cache", "layerinfo"});  // its name in old configurations
  if (!says_something(kind)) return Cache::none;
  if (kind->scalar == "inmemory") return Cache::inmemory;
  if (kind->scalar == "redis") return Cache::redis;
  return Cache::unknown;
}

Configuration understand(const Value& top) {
  Configuration configuration{.cache = cache_of(top)};
  if (const Value* driver = at(top, {"storage", "filesystem"})) {
    const Value* root = driver->member("rootdirectory");
    if (root && root->kind != Value::Kind::scalar && root->kind != Value::Kind::null)
      throw Unclear{Unclear::Why::no_root_directory};
    configuration.root_directory = says_something(root) ? root->scalar : kDefaultRoot;
  }
  configuration.redis = says_something(at(top, {"redis", "addr"})) ||
                        says_something(at(top, {"redis", "addrs"})) ||
                        says_something(at(top, {"redis", "cache"}));
  configuration.read_only = is_true(at(top, {"storage", "maintenance", "readonly", "enabled"}));
  configuration.proxy = says_something(at(top, {"proxy", "remoteurl"}));
  return configuration;
}

Value laid_over(Value top, const std::vector<Variable>& variables, DeepVariables deep) {
  unfold_storage(top);
  for (const Variable& variable : variables) {
    overlay(top, variable.path, parse(variable.value), deep);
    unfold_storage(top);
  }
  return top;
}

}  // namespace

std::variant<Configuration, Unclear> parse_configuration(
    std::string_view yaml, const std::vector<std::string>& environment) {
  try {
    const Value file = parse(std::string(yaml));
    if (file.kind != Value::Kind::map) return Unclear{Unclear::Why::not_a_map};
    const std::vector<Variable> variables = variables_of(environment);
    Configuration configuration = understand(laid_over(file, variables, DeepVariables::apply));
    configuration.read_only &=
        understand(laid_over(file, variables, DeepVariables::ignore)).read_only;
    return configuration;
  } catch (const Unclear& unclear) {
    return unclear;
  }
}

std::optional<std::string> root_directory_of(const std::vector<std::string>& environment) {
  static constexpr std::string_view kName = "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=";
  const auto is_it = [](const std::string& entry) {
    return entry.starts_with(kName) && entry.size() > kName.size();
  };
  const auto found = std::find_if(environment.begin(), environment.end(), is_it);
  if (found == environment.end()) return std::nullopt;
  const auto parsed = parse_configuration("{}", {*found});
  const auto* configuration = std::get_if<Configuration>(&parsed);
  return configuration ? configuration->root_directory : std::nullopt;
}

}  // namespace regctl::gc
