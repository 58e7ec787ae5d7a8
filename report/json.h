// What the JSON reports of both programs are made of: names that are not UTF-8 told twice, the head
// of a report, messages, and the usage of repositories.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output_file.h"
#include "registry/inventory.h"
#include "registry/usage.h"
#include "report/message.h"

namespace regctl::report {

// Keys in the order they are set.
using Json = nlohmann::ordered_json;

// Sets object[key], and object[key + "_base64"] where the name is not UTF-8.
void set_name(Json& object, const std::string& key, const std::string& name);

// A name in a list: as `key` of set_name().
Json json_of_name(const std::string& name);

// "schema", "schema_version" and "tool" of a document of `program`, "regctl-gc"; `kind` is
// "report", or what else it is.
Json head(const std::string& program, const std::string& kind = "report");

// `prefix` stands before paths.
Json json_of(const Message& message, const std::string& prefix);

// A repository's name, tags, manifests and bytes.
Json json_of(const Repository& repository, const Usage& usage);

// A document in ASCII, so that no control character of a name reaches a terminal, handed out as it
// is made: an object, and what stands in it.
class JsonDocument {
 public:
  // Begins with the members of `head`.
  JsonDocument(const cli::Sink& sink, const Json& head);

  void member(const std::string& key, const Json& value);
  // What follows, up to end(), is in the member `key`: members, or items.
  void begin_object(const std::string& key) { begin(key, '{', '}'); }
  void begin_list(const std::string& key) { begin(key, '[', ']'); }
  void item(const Json& value);
  void end();
  // The member `key`: json_of(item) of each.
  template <class T, class JsonOf>
  void list(const std::string& key, const std::vector<T>& items, JsonOf json_of) {
    begin_list(key);
    for (const T& one : items) item(json_of(one));
    end();
  }
  // Of messages; as json_of().
  void list(const std::string& key, const std::vector<Message>& messages,
            const std::string& prefix);
  // The end of the document, with a newline. REQUIRES: what was begun has ended.
  void finish();

 private:
  void begin(const std::string& key, char bracket, char closing);
  // The place of the next member or item.
  void next();
  void value(const Json& value);
  std::string newline() const { return '\n' + std::string(2 * open_.size(), ' '); }

  const cli::Sink& sink_;
  std::string open_;  // the brackets to close, the innermost last
  bool is_first_ = true;
};

}  // namespace regctl::report
