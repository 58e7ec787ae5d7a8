#include "report/json.h"

#include "cli/text.h"
#include "report/wording.h"

namespace regctl::report {

void set_name(Json& object, const std::string& key, const std::string& name) {
  const bool is_text = cli::is_valid_utf8(name);
  object[key] = is_text ? name : cli::printable(name, cli::Charset::ascii);
  if (!is_text) object[key + "_base64"] = cli::base64(name);
}

Json json_of_name(const std::string& name) { return cli::printable(name, cli::Charset::utf8); }

Json head(const std::string& program, const std::string& kind) {
  return {{"schema", "https://regctl-gc.invalid/schemas/" + program + "-" + kind + "-1.json"},
          {"schema_version", "1.0"},
          {"tool", {{"name", program}, {"version", REGCTL_VERSION}}}};
}

Json json_of(const Message& message, const std::string& prefix) {
  Json item = {{"code", info_of(message.code).id},
               {"message", sentence_of(message, cli::Charset::utf8)}};
  if (!message.path.empty()) set_name(item, "path", prefix + message.path);
  if (!message.repository.empty()) set_name(item, "repository", message.repository);
  if (message.digest) item["digest"] = message.digest->text();
  if (const std::string hint = hint_of(message, cli::Charset::utf8); !hint.empty())
    item["hint"] = hint;
  return item;
}

Json json_of(const Repository& repository, const Usage& usage) {
  Json item;
  set_name(item, "name", repository.name);
  item["tags"] = repository.tags.size();
  item["manifests"] = repository.count_manifests();
  item["exclusive_bytes"] = usage.exclusive;
  item["shared_bytes"] = usage.shared;
  item["fair_share_bytes"] = usage.fair_share;
  item["garbage_bytes"] = usage.garbage;
  return item;
}

JsonDocument::JsonDocument(const cli::Sink& sink, const Json& head) : sink_(sink), open_("}") {
  sink_("{");
  for (const auto& [key, value] : head.items()) member(key, value);
}

void JsonDocument::member(const std::string& key, const Json& value) {
  next();
  this->value(key);
  sink_(": ");
  this->value(value);
}

void JsonDocument::item(const Json& value) {
  next();
  this->value(value);
}

void JsonDocument::begin(const std::string& key, char bracket, char closing) {
  next();
  value(key);
  sink_(std::string(": ") + bracket);
  open_ += closing;
  is_first_ = true;
}

void JsonDocument::end() {
  const char closing = open_.back();
  open_.pop_back();
  if (!is_first_) sink_(newline());
  sink_(std::string(1, closing));
  is_first_ = false;
}

void JsonDocument::list(const std::string& key, const std::vector<Message>& messages,
                        const std::string& prefix) {
  list(key, messages, [&](const Message& message) { return json_of(message, prefix); });
}

void JsonDocument::finish() {
  end();
  sink_("\n");
}

void JsonDocument::next() {
  sink_((is_first_ ? "" : ",") + newline());
  is_first_ = false;
}

void JsonDocument::value(const Json& value) {
  const std::string text = value.dump(2, ' ', true, Json::error_handler_t::replace);
  std::string_view left = text;
  for (std::size_t at; (at = left.find('\n')) != left.npos; left.remove_prefix(at + 1)) {
    sink_(left.substr(0, at));  // in a string there is none
    sink_(newline());
  }
  sink_(left);
}

}  // namespace regctl::report
