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

Json json_of(const std::vector<Message>& messages, const std::string& prefix) {
  Json list = Json::array();
  for (const Message& message : messages) {
    Json item = {{"code", info_of(message.code).id},
                 {"message", sentence_of(message, cli::Charset::utf8)}};
    if (!message.path.empty()) set_name(item, "path", prefix + message.path);
    if (!message.repository.empty()) set_name(item, "repository", message.repository);
    if (message.digest) item["digest"] = message.digest->text();
    if (const std::string hint = hint_of(message, cli::Charset::utf8); !hint.empty())
      item["hint"] = hint;
    list.push_back(std::move(item));
  }
  return list;
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

std::string text_of(const Json& document) {
  return document.dump(2, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace regctl::report
