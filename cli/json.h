// JSON for reports: keys in the order they are set, names that are not UTF-8 told twice.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/text.h"

namespace regctl::cli {

using Json = nlohmann::ordered_json;

// Sets object[key], and object[key + "_base64"] where the name is not UTF-8.
inline void set_name(Json& object, const std::string& key, const std::string& name) {
  const bool is_text = is_valid_utf8(name);
  object[key] = is_text ? name : printable(name, Charset::ascii);
  if (!is_text) object[key + "_base64"] = base64(name);
}

// A whole document in ASCII, so that no control character of a name reaches a terminal; ends in a
// newline.
inline std::string json_text(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace regctl::cli
