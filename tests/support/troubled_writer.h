// A writer around another, with a word of the test's own on each call.
#pragma once

#include <functional>
#include <string>

#include "gc/doing/writer.h"
#include "registry/layout.h"
#include "tests/support/verb.h"

namespace regctl::test {

class TroubledWriter final : public gc::Writer {
 public:
  // Called before everything, with the complete key; what it throws is the end of that call.
  using Before = std::function<void(Verb, const std::string& key)>;

  // Both must outlive this.
  TroubledWriter(Writer& inner, const Before& before) : inner_(inner), before_(before) {}

  Outcome set_aside(std::string_view directory, std::string_view from, std::string_view to,
                    const Expected& expected) override {
    before_(Verb::set_aside, layout::join(directory, from));
    return inner_.set_aside(directory, from, to, expected);
  }
  Outcome put_back(std::string_view directory, std::string_view from,
                   std::string_view to) override {
    before_(Verb::put_back, layout::join(directory, from));
    return inner_.put_back(directory, from, to);
  }
  Outcome move_directory(std::string_view from, std::string_view to) override {
    before_(Verb::move_directory, std::string(from));
    return inner_.move_directory(from, to);
  }
  Outcome make_directory(std::string_view key) override {
    before_(Verb::make_directory, std::string(key));
    return inner_.make_directory(key);
  }
  Outcome remove_file(std::string_view directory, std::string_view name) override {
    before_(Verb::remove_file, layout::join(directory, name));
    return inner_.remove_file(directory, name);
  }
  Outcome remove_directory(std::string_view key) override {
    before_(Verb::remove_directory, std::string(key));
    return inner_.remove_directory(key);
  }
  void sync() override {
    before_(Verb::sync, "");
    inner_.sync();
  }

 private:
  Writer& inner_;
  const Before& before_;
};

}  // namespace regctl::test
