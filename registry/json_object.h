// A JSON object read with simdjson: the only door to it.
#pragma once

#include <simdjson.h>

#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "registry/result.h"

namespace regctl {

// use(object) where `bytes` are one. Malformed: not a JSON object, invalid UTF-8, or nested deeper
// than the parser goes (1,024). Several threads may call it.
template <class Use>
auto read_json_object(std::string_view bytes, Use use)
    -> Result<std::invoke_result_t<Use, simdjson::dom::object>> {
  // A parser keeps the memory of the largest document it has seen: the unusual ones get one of
  // their own.
  thread_local simdjson::dom::parser usual;
  simdjson::dom::parser unusual;
  simdjson::dom::parser& parser = bytes.size() > 65536 ? unusual : usual;
  simdjson::dom::object object;
  const auto error = parser.parse(bytes.data(), bytes.size()).get(object);
  if (error == simdjson::MEMALLOC) {
    parser = simdjson::dom::parser();  // half allocated, it would write where nothing is
    throw std::bad_alloc();
  }
  if (error) return Malformed{simdjson::error_message(error)};
  return use(object);
}

// Of the member `key`; empty where that is no string.
inline std::string string_at(simdjson::dom::object object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace regctl
