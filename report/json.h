// What the JSON reports of both programs are made of: names that are not UTF-8 told twice, the head
// of a report, messages, and the usage of repositories.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
Json json_of(const std::vector<Message>& messages, const std::string& prefix);

// A repository's name, tags, manifests and bytes.
Json json_of(const Repository& repository, const Usage& usage);

// A whole document in ASCII, so that no control character of a name reaches a terminal; ends in a
// newline.
std::string text_of(const Json& document);

}  // namespace regctl::report
