// What storages and writers are asked to do, as the hooks of tests/support/troubled_*.h hear it.
#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>

namespace regctl::test {

enum class Verb : std::uint8_t {
  list,
  stat,
  read,
  open,
  below,
  // of writers only
  set_aside,
  put_back,
  move_directory,
  make_directory,
  remove_file,
  remove_directory,
  sync
};

inline std::string_view word_for(Verb verb) {
  switch (verb) {
    case Verb::list:
      return "list";
    case Verb::stat:
      return "stat";
    case Verb::read:
      return "read";
    case Verb::open:
      return "open";
    case Verb::below:
      return "below";
    case Verb::set_aside:
      return "set_aside";
    case Verb::put_back:
      return "put_back";
    case Verb::move_directory:
      return "move_directory";
    case Verb::make_directory:
      return "make_directory";
    case Verb::remove_file:
      return "remove_file";
    case Verb::remove_directory:
      return "remove_directory";
    case Verb::sync:
      return "sync";
  }
  return "";
}

inline std::ostream& operator<<(std::ostream& out, Verb verb) { return out << word_for(verb); }

}  // namespace regctl::test
