// A JSON object read with simdjson: the only door to it.
#pragma once

#include <simdjson.h>

#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "registry/result.h"

namespace regctl {

// What encoding/json of Go takes and simdjson does not, in words that this takes too: invalid UTF-8
// and lone surrogates become U+FFFD, numbers that a double or 64 bits do not hold 0, and what is
// nested deeper than 1,000 null. What is no JSON stays none. In time linear in it.
std::string strict_json(std::string_view bytes);

// use(object) where `bytes` are one, as encoding/json takes them, or else strict_json() of them.
// Malformed: not a JSON object. Several threads may call it.
template <class Use>
auto read_json_object(std::string_view bytes, Use use)
    -> Result<std::invoke_result_t<Use, simdjson::dom::object>> {
  // A parser keeps the memory of the largest document it has seen: the unusual ones get one of
  // their own.
  thread_local simdjson::dom::parser usual;
  simdjson::dom::parser unusual;
  simdjson::dom::parser& parser = bytes.size() > 65536 ? unusual : usual;
  simdjson::dom::object object;
  auto error = parser.parse(bytes.data(), bytes.size()).get(object);
  if (error && error != simdjson::MEMALLOC) {
    const std::string strict = strict_json(bytes);
    error = parser.parse(strict.data(), strict.size()).get(object);
  }
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
